/* The writing side of a connection: gathering, back-pressure. */
#include "daemon/http/conn.h"
#include "daemon/http/state.h"

#include "common/fd.h"

#include <errno.h>

#define SPARE_MAX (32 * 1024) /* a larger piece of memory is not kept for the next response */

/* Nothing more can be written. Told to the host from the loop, not from within its own call. */
static void conn_break(struct conn *c)
{
	c->broken = true;
	conn_defer(c);
}

static void borrow_memory(struct conn *c)
{
	struct http_server *s = c->server;

	if (!c->out.bytes.base && s->spare_output.base) {
		c->out.bytes = s->spare_output;
		s->spare_output = (struct buf){.max = SIZE_MAX};
	}
}

static void return_memory(struct conn *c)
{
	struct http_server *s = c->server;
	struct buf *b = &c->out.bytes;

	if (!b->base)
		return;
	if (!s->spare_output.base && b->size <= SPARE_MAX) {
		s->spare_output = *b;
		*b = (struct buf){.max = SIZE_MAX};
	} else {
		buf_finish(b);
	}
}

/* What was queued goes out when the response ends, or before the loop blocks. */
static void flush_later(struct conn *c)
{
	if (!c->busy && !c->blocked)
		conn_defer(c);
}

void conn_send(struct conn *c, const void *data, size_t len)
{
	int rc;

	if (c->broken)
		return;
	borrow_memory(c);
	if (c->blocked || output_pending(&c->out) + len < OUTPUT_CORK) {
		rc = output_add(&c->out, data, len);
		flush_later(c);
	} else {
		rc = output_write(&c->out, c->reader.fd, data, len);
		if (rc == 1) {
			c->blocked = true;
			conn_update(c);
		}
	}
	if (rc < 0)
		conn_break(c);
}

char *conn_send_room(struct conn *c, size_t n)
{
	if (c->broken)
		return NULL;
	borrow_memory(c);
	if (output_reserve(&c->out, n) < 0) {
		conn_break(c);
		return NULL;
	}
	return buf_tail(&c->out.bytes);
}

void conn_sent_room(struct conn *c, size_t n)
{
	output_commit(&c->out, n);
	flush_later(c);
}

void conn_send_file(struct conn *c, int fd, off_t offset, uint64_t len)
{
	if (c->broken) {
		fd_close(&fd);
		return;
	}
	if (output_add_file(&c->out, fd, offset, len) < 0)
		conn_break(c);
	else
		flush_later(c);
}

int conn_flush(struct conn *c)
{
	uint64_t before = output_pending(&c->out);
	int rc = before ? output_flush(&c->out, c->reader.fd) : 0;

	if (rc < 0)
		return rc;
	c->blocked = rc == 1;
	if (!c->blocked)
		return_memory(c);
	else if (output_pending(&c->out) < before && c->timeout.kind == TIMEOUT_WRITE)
		conn_progress(c);
	return 0;
}
