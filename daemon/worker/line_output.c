/* Lines to a shared descriptor without ever blocking the loop. */
#include "daemon/worker/line_output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Whole lines if they fit: what is longer than PIPE_BUF may be cut by another writer (pipe(7)). */
static size_t next_chunk(const char *data, size_t len)
{
	const char *newline;

	if (len <= PIPE_BUF)
		return len;
	newline = memrchr(data, '\n', PIPE_BUF);
	return newline ? (size_t)(newline + 1 - data) : PIPE_BUF;
}

/* poll(2) says yes for a pipe when PIPE_BUF bytes fit. */
static bool is_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) > 0;
}

/*
 * Returns 0 when all is written, -EAGAIN when the reader must read first, -errno when there is
 * none.
 */
static int write_lines(struct line_output *o)
{
	while (buf_len(&o->data) > 0) {
		ssize_t n;

		if (!is_writable(o->fd))
			return -EAGAIN;
		n = write(o->fd, buf_data(&o->data),
			  next_chunk(buf_data(&o->data), buf_len(&o->data)));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_consume(&o->data, (size_t)n);
	}
	return 0;
}

static void forget(struct line_output *o)
{
	const char *p = buf_data(&o->data), *end = p + buf_len(&o->data);

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		o->dropped++;
		p++;
	}
	buf_consume(&o->data, buf_len(&o->data));
}

static void flush(struct line_output *o)
{
	int err = write_lines(o);

	ev_prepare_stop(o->loop, &o->turn);
	if (err == -EAGAIN) {
		ev_io_start(o->loop, &o->writable);
		return;
	}
	ev_io_stop(o->loop, &o->writable);
	if (err)
		forget(o);
}

static void writable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	flush(container_of(w, struct line_output, writable));
}

static void turn_cb(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	flush(container_of(w, struct line_output, turn));
}

void line_output_init(struct line_output *o, struct ev_loop *loop, int fd)
{
	*o = (struct line_output){.loop = loop, .fd = fd};
	buf_init(&o->data, LINE_OUTPUT_MAX);
	ev_io_init(&o->writable, writable_cb, fd, EV_WRITE);
	ev_prepare_init(&o->turn, turn_cb);
}

void line_output_finish(struct line_output *o)
{
	flush(o);
	ev_io_stop(o->loop, &o->writable);
	buf_finish(&o->data);
}

void line_output_add(struct line_output *o, const char *line, size_t len)
{
	if (buf_add(&o->data, line, len) < 0)
		o->dropped++;
	else if (!ev_is_active(&o->writable))
		ev_prepare_start(o->loop, &o->turn);
}

uint64_t line_output_take_dropped(struct line_output *o)
{
	uint64_t dropped = o->dropped;

	if (buf_len(&o->data) > LINE_OUTPUT_MAX / 2)
		return 0;
	o->dropped = 0;
	return dropped;
}
