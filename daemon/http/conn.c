/* The life of a connection: states, what is watched in each, time limits. */
#include "daemon/http/conn.h"

#include "common/fd.h"
#include "daemon/http/request.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

static void conn_read_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	conn_readable(container_of(w, struct conn, reader));
}

static void conn_write_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	conn_advance(container_of(w, struct conn, writer));
}

int conn_create(struct http_server *s, int fd, const struct addr *peer, uint32_t listener,
		struct conn **out)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		fd_close(&fd);
		return -ENOMEM;
	}
	c->server = s;
	c->peer = *peer;
	c->listener = listener;
	buf_init(&c->in, SIZE_MAX);
	output_init(&c->out);
	ev_io_init(&c->reader, conn_read_cb, fd, EV_READ);
	ev_io_init(&c->writer, conn_write_cb, fd, EV_WRITE);
	list_push_back(&s->conns, &c->link);
	server_conn_opened(s);
	conn_update(c);
	*out = c;
	return 0;
}

void conn_free(struct conn *c)
{
	list_remove(&c->deferred_link);
	free(c->local);
	free(c);
}

void conn_close(struct conn *c)
{
	struct http_server *s = c->server;
	int fd = c->reader.fd;

	if (c->state == CONN_CLOSED)
		return;
	ev_io_stop(s->loop, &c->reader);
	ev_io_stop(s->loop, &c->writer);
	timeouts_set(&s->timeouts, &c->timeout, TIMEOUT_NONE, 0);
	c->state = CONN_CLOSED;
	conn_abort_request(c);
	list_remove(&c->link);
	buf_finish(&c->in);
	output_finish(&c->out);
	if (fd >= 0)
		fd_close(&fd);
	conn_defer(c);
	server_conn_closed(s);
}

bool conn_is_last(const struct conn *c)
{
	const struct http_server *s = c->server;

	if (s->state == SERVER_DRAINING && (!s->config.release || c->kept))
		return true;
	return c->eof && buf_len(&c->in) == 0;
}

static bool wants_read(const struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		return conn_may_begin(c) && !c->eof;
	case CONN_ACTIVE:
	case CONN_FINISHING:
		if (c->eof)
			return false;
		if (!c->req || c->req->body_complete)
			return buf_len(&c->in) == 0; /* to see whether the client leaves */
		return c->state == CONN_ACTIVE ? request_unread(c->req) < REQUEST_BODY_HIGH
					       : !c->closing;
	case CONN_LINGERING:
		return true;
	case CONN_CLOSED:
		return false;
	}
	return false;
}

static enum timeout_kind wanted_timeout(const struct conn *c)
{
	bool paused = c->server->state == SERVER_PAUSED;

	switch (c->state) {
	case CONN_IDLE:
		if (c->server->state == SERVER_DRAINING)
			return TIMEOUT_HEADER; /* a first request that does not come must not hold us */
		return paused ? TIMEOUT_NONE : TIMEOUT_KEEP_ALIVE;
	case CONN_HEAD:
		return paused ? TIMEOUT_NONE : TIMEOUT_HEADER;
	case CONN_ACTIVE:
	case CONN_FINISHING:
		if (c->blocked)
			return TIMEOUT_WRITE;
		if (c->req && !c->req->body_complete && !c->req->expects_100 && wants_read(c))
			return TIMEOUT_BODY;
		return c->eof ? TIMEOUT_HALF_CLOSE : TIMEOUT_NONE;
	case CONN_LINGERING:
		return c->must_linger ? TIMEOUT_LINGER : TIMEOUT_FAREWELL;
	case CONN_CLOSED:
		return TIMEOUT_NONE;
	}
	return TIMEOUT_NONE;
}

static void watch(struct ev_loop *loop, ev_io *w, bool on)
{
	if (on == (bool)ev_is_active(w))
		return;
	if (on)
		ev_io_start(loop, w);
	else
		ev_io_stop(loop, w);
}

void conn_update(struct conn *c)
{
	struct http_server *s = c->server;

	if (c->state == CONN_CLOSED)
		return;
	watch(s->loop, &c->reader, wants_read(c));
	watch(s->loop, &c->writer, c->blocked);
	enum timeout_kind kind = wanted_timeout(c);
	if (kind == c->timeout.kind)
		return;
	timeouts_set(&s->timeouts, &c->timeout, kind, server_now_ms());
	if (list_linked(&c->timeout.link))
		server_timer_update(s, c->timeout.at_ms);
}

void conn_progress(struct conn *c)
{
	timeouts_set(&c->server->timeouts, &c->timeout, TIMEOUT_NONE, 0);
}

void conn_defer(struct conn *c)
{
	if (list_linked(&c->deferred_link))
		return;
	list_push_back(&c->server->deferred, &c->deferred_link);
	server_defer(c->server);
}

void conn_deferred(struct conn *c)
{
	list_remove(&c->deferred_link);
	if (c->state == CONN_CLOSED) {
		conn_free(c);
	} else if (c->broken) {
		conn_close(c);
	} else {
		if (buf_len(&c->in) > 0 && conn_may_begin(c))
			conn_parse_queued(c);
		conn_advance(c);
	}
}

bool conn_may_begin(const struct conn *c)
{
	const struct http_server *s = c->server;

	if ((c->state != CONN_IDLE && c->state != CONN_HEAD) || c->closing)
		return false;
	return s->state == SERVER_RUNNING ||
	       (s->state == SERVER_DRAINING && (!s->config.release || c->kept));
}

/* Small output of a response that ended while more requests wait is gathered with theirs. */
static bool output_settled(const struct conn *c)
{
	return output_pending(&c->out) == 0 ||
	       (c->busy && !c->closing && list_empty(&c->out.files) &&
		buf_len(&c->out.bytes) < OUTPUT_CORK);
}

void conn_settle(struct conn *c)
{
	struct http_request *req = c->req;

	if (c->state != CONN_FINISHING || !output_settled(c))
		return;
	if (req && !req->body_complete && !c->closing)
		return;
	if (req)
		conn_request_done(c);
	conn_progress(c);
	if (c->closing)
		conn_finish(c);
	else
		c->state = CONN_IDLE;
}

static void conn_tell_writable(struct conn *c)
{
	struct http_request *req = c->req;

	if (c->state != CONN_ACTIVE || !req->response.waits_writable ||
	    output_pending(&c->out) > OUTPUT_LOW)
		return;
	req->response.waits_writable = false;
	c->server->host_calls++;
	c->server->config.ops->on_writable(req);
}

/* At a message boundary: what comes next? */
static void conn_rest(struct conn *c)
{
	if (c->server->state == SERVER_DRAINING)
		conn_depart(c);
	if (!conn_may_begin(c))
		return;
	if (c->state == CONN_IDLE && buf_len(&c->in) > 0)
		conn_defer(c);
	else if (c->eof)
		conn_close(c);
}

void conn_advance(struct conn *c)
{
	if (c->state == CONN_CLOSED || c->busy)
		return;
	if (c->broken || conn_flush(c) < 0) {
		conn_close(c);
		return;
	}
	conn_settle(c);
	if ((c->state == CONN_IDLE || c->state == CONN_HEAD) && c->blocked)
		c->state = CONN_FINISHING; /* what was gathered did not go out at once */
	if (c->state == CONN_IDLE || c->state == CONN_HEAD)
		conn_rest(c);
	conn_tell_writable(c);
	conn_update(c);
}

void conn_response_ended(struct conn *c)
{
	struct http_request *req = c->req;

	if (req->hosted) {
		req->hosted = false;
		c->server->stats.active--;
	}
	c->state = CONN_FINISHING;
	if (!req->body_complete) {
		req->body_left_at = req->body_seen;
		req->lent = 0;
		buf_consume(&req->body, buf_len(&req->body));
	}
	if (c->busy)
		return;
	if (c->broken) {
		conn_defer(c);
		return;
	}
	list_remove(&c->deferred_link); /* conn_advance() does now what it was there for */
	conn_advance(c);
}
