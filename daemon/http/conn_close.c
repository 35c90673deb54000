/* How connections and requests end: refused, aborted, given away, closed. */
#include "daemon/http/conn.h"

#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* However busily a client goes on sending after our last word. */
#define LINGER_MAX_MS (30 * 1000)

static void log_access(struct conn *c, const struct http_request *req, int status)
{
	const struct http_server_config *config = &c->server->config;
	char client[ADDR_TEXT_LEN];

	if (!config->access)
		return;
	addr_format(&req->client, client);
	const struct http_access a = {
		.method = req->method,
		.target = req->target,
		.minor = req->minor,
		.status = status,
		.client = client,
		.bytes = req->response.framing == FRAMING_NONE ? 0 : req->response.sent,
		.seconds = mono_diff_ms(mono_now(), req->started) / 1000,
	};
	config->access(config->owner, &a);
}

void conn_request_done(struct conn *c)
{
	log_access(c, c->req, c->req->response.status);
	request_release(c->server, c->req);
	c->req = NULL;
}

/* The host has to let go of the request. */
static void tell_aborted(struct http_server *s, struct http_request *req)
{
	if (!req->hosted)
		return;
	req->hosted = false;
	s->stats.active--;
	s->host_calls++;
	s->config.ops->on_abort(req);
}

void conn_abort_request(struct conn *c)
{
	struct http_request *req = c->req;
	struct http_server *s = c->server;

	if (!req)
		return;
	tell_aborted(s, req);
	/* nginx's name for it: client closed request. */
	log_access(c, req, req->response.started ? req->response.status : 499);
	request_release(s, req);
	c->req = NULL;
}

/* What is queued still goes out, then the connection ends. */
static void conn_end_early(struct conn *c)
{
	c->state = CONN_FINISHING;
	c->closing = true;
	c->must_linger = true;
	conn_advance(c);
}

void conn_refuse(struct conn *c, int status, const char *why)
{
	struct http_server *s = c->server;

	server_refused(s, c->req ? &c->req->client : &c->peer, status, why);
	request_release(s, c->req);
	c->req = NULL;
	if (!c->busy)
		buf_finish(&c->in);
	response_refusal_send(c, status, why);
	conn_progress(c);
	conn_end_early(c);
}

void conn_fail(struct conn *c, int status, const char *why)
{
	struct http_request *req = c->req;
	bool started = req->response.started;

	tell_aborted(c->server, req);
	if (started) {
		server_refused(c->server, &req->client, status, why);
		conn_cut(c);
	} else {
		conn_refuse(c, status, why);
	}
}

/* Closes so that the client gets a reset: for what would otherwise look like a proper end. */
static void conn_reset(struct conn *c)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(c->reader.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	conn_close(c);
}

void conn_cut(struct conn *c)
{
	struct http_request *req = c->req;

	if (req->hosted) {
		req->hosted = false;
		c->server->stats.active--;
	}
	if (c->broken || req->response.framing == FRAMING_CLOSE) {
		conn_reset(c);
		return;
	}
	/* A length that is not reached, or a last chunk that does not come, tells it. */
	conn_end_early(c);
}

static bool unread_in_kernel(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

/* Sends FIN and reads on until the client closes too. */
static void linger(struct conn *c)
{
	if (c->eof || shutdown(c->reader.fd, SHUT_WR) < 0) {
		conn_close(c);
		return;
	}
	buf_finish(&c->in);
	c->state = CONN_LINGERING;
	c->linger_until_ms = server_now_ms() + LINGER_MAX_MS;
	conn_progress(c);
	conn_update(c);
}

void conn_finish(struct conn *c)
{
	if (!c->must_linger && buf_len(&c->in) == 0 && !unread_in_kernel(c->reader.fd)) {
		conn_close(c);
		return;
	}
	c->must_linger = true;
	linger(c);
}

void conn_farewell(struct conn *c)
{
	if (unread_in_kernel(c->reader.fd)) {
		conn_update(c); /* a request came at the last moment: it will be read */
		return;
	}
	c->closing = true;
	linger(c);
}

void conn_discard(struct conn *c)
{
	struct http_server *s = c->server;
	ssize_t n = recv(c->reader.fd, s->scratch, SCRATCH_SIZE, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || server_now_ms() > c->linger_until_ms) {
		conn_close(c);
		return;
	}
	conn_progress(c);
	conn_update(c);
}

/* Forgets the descriptor without closing it, and closes the rest. */
static void conn_disown(struct conn *c)
{
	c->reader.fd = -1;
	conn_close(c);
}

static bool conn_release(struct conn *c)
{
	struct http_server *s = c->server;
	char peer[ADDR_TEXT_LEN];

	addr_format(&c->peer, peer);
	ev_io_stop(s->loop, &c->reader);
	ev_io_stop(s->loop, &c->writer);
	poller_forget(&s->poller, c->reader.fd);
	const struct http_release r = {
		.fd = c->reader.fd,
		.pending = buf_data(&c->in),
		.pending_len = buf_len(&c->in),
		.listener = c->listener,
		.requests = c->requests,
		.peer = peer,
	};
	if (s->config.release(s->config.owner, &r))
		return true;
	/* Set anew, so that libev adds it again to the list from which it does not know it was deleted. */
	ev_io_set(&c->reader, r.fd, EV_READ);
	ev_io_set(&c->writer, r.fd, EV_WRITE);
	return false;
}

void conn_depart(struct conn *c)
{
	if (c->server->config.release && !c->kept) {
		if (conn_release(c)) {
			conn_disown(c);
			return;
		}
		c->kept = true;
	}
	/* A request that is on its way, or here in part, is still served. */
	if (c->seen && c->state == CONN_IDLE && buf_len(&c->in) == 0)
		conn_farewell(c);
}

void conn_timed_out(struct conn *c)
{
	enum timeout_kind kind = c->timeout.kind;

	conn_progress(c);
	switch (kind) {
	case TIMEOUT_HEADER:
		if (c->state == CONN_HEAD)
			conn_refuse(c, 408, "request head took too long");
		else
			conn_farewell(c);
		break;
	case TIMEOUT_BODY:
		if (c->state == CONN_ACTIVE)
			conn_fail(c, 408, "request body took too long");
		else
			conn_end_early(
				c); /* the response is out; what is left of the body does not come */
		break;
	case TIMEOUT_KEEP_ALIVE:
		conn_farewell(c);
		break;
	case TIMEOUT_WRITE:
		server_refused(c->server, &c->peer, 408, "client does not read the response");
		conn_reset(c);
		break;
	case TIMEOUT_HALF_CLOSE:
	case TIMEOUT_LINGER:
	case TIMEOUT_FAREWELL:
		conn_close(c);
		break;
	case TIMEOUT_NONE:
	case TIMEOUT_KINDS:
		break;
	}
}
