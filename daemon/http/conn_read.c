/* The reading side of a connection: heads, bodies, and what comes before its turn. */
#include "daemon/http/conn.h"

#include "daemon/http/request.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* More than this of a body that nobody wants is not read for the sake of the next request. */
#define BODY_DISCARD_MAX (1024 * 1024)

/* A body is read in pieces of at least this, so that a byte too many does not cost a call of its own. */
#define BODY_READ_MIN 4096

static bool hung_up(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

/*
 * The client sent FIN. It may be gone, or have said all it had to say and wait for the answer (nc -N, HTTP/1.0
 * clients): TCP does not tell the two apart until we write, so a request that is whole goes on for a while.
 */
static void conn_eof(struct conn *c)
{
	const struct http_request *req = c->req;

	c->eof = true;
	switch (c->state) {
	case CONN_IDLE:
		if (buf_len(&c->in) == 0)
			conn_close(c);
		else
			conn_update(c); /* whole requests are still queued */
		break;
	case CONN_HEAD:
	case CONN_LINGERING:
		conn_close(c);
		break;
	case CONN_ACTIVE:
	case CONN_FINISHING:
		if ((req && !req->body_complete) || hung_up(c->reader.fd))
			conn_close(c);
		else
			conn_update(c);
		break;
	case CONN_CLOSED:
		break;
	}
}

/* Returns the bytes read, or 0 when there is nothing to do: none came, or the end was dealt with. */
static size_t receive(struct conn *c, void *data, size_t size)
{
	ssize_t n;

	do {
		n = recv(c->reader.fd, data, size, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->seen = true;
		return (size_t)n;
	}
	if (n == 0)
		conn_eof(c);
	else if (errno != EAGAIN)
		conn_close(c);
	return 0;
}

/*
 * Gives the request up to n bytes that follow its head or the piece before; `raw` is where they lie behind the
 * body's data. Returns how many were its own, or -1 after refusing.
 */
static ssize_t feed_body(struct conn *c, size_t n)
{
	struct http_request *req = c->req;
	const char *why = "malformed body";
	size_t used;
	int rc = request_decode(req, &c->server->config.limits, n, &used, &why);

	if (rc < 0) {
		conn_fail(c, rc == -EFBIG ? 413 : 400, why);
		return -1;
	}
	if (req->body_seen > 0)
		req->expects_100 = false;
	return (ssize_t)used;
}

/* The bytes behind the head that came with it. Returns how many were body, or -1 after refusing. */
static ssize_t begin_body(struct conn *c, const char *p, size_t len)
{
	struct http_request *req = c->req;
	uint64_t max = c->server->config.limits.body_max;

	if (max && req->body_length > max) {
		conn_refuse(c, 413, "body too large");
		return -1;
	}
	if (req->body_complete || len == 0)
		return 0;
	if (req->body_length && len > req->body_length)
		len = (size_t)req->body_length;
	if (buf_reserve(&req->body, len) < 0) {
		conn_refuse(c, 503, "out of memory");
		return -1;
	}
	memcpy(buf_tail(&req->body), p, len);
	return feed_body(c, len);
}

static void dispatch(struct conn *c)
{
	struct http_server *s = c->server;
	static const char text[] = "too many requests at once\n";

	if (s->config.limits.concurrency && s->stats.active >= s->config.limits.concurrency) {
		server_refused(s, &c->req->client, 503, "too many requests at once");
		http_response_simple(c->req, 503, "text/plain; charset=utf-8", text,
				     sizeof(text) - 1);
		return;
	}
	c->req->hosted = true;
	s->stats.active++;
	s->host_calls++;
	s->config.ops->on_request(s->config.app, c->req);
}

/* Starts the request whose head c->scan has accepted at p. Returns the bytes used, or -1 after refusing. */
static ssize_t conn_begin(struct conn *c, const char *p, size_t len)
{
	struct http_server *s = c->server;
	size_t head = c->scan.pos;
	const char *why = "out of memory";
	int rc = request_create(s, c, p, &c->scan, &c->req, &why);

	c->scan = (struct prescan){.pos = 0};
	if (rc < 0) {
		conn_refuse(c, rc == -EBADMSG ? 400 : 503, why);
		return -1;
	}
	if (s->config.access)
		c->req->started = c->state == CONN_HEAD ? c->began : mono_now();
	c->state = CONN_ACTIVE;
	c->requests++;
	s->stats.requests++;
	ssize_t body = begin_body(c, p + head, len - head);
	if (body < 0)
		return -1;
	dispatch(c);
	return (ssize_t)head + body;
}

static void conn_head_began(struct conn *c)
{
	if (c->state == CONN_IDLE && c->server->config.access)
		c->began = mono_now();
	c->state = CONN_HEAD;
}

/* Starts the requests that are whole at p, until one stays in flight. Returns how many bytes were used. */
static size_t conn_parse(struct conn *c, const char *p, size_t len)
{
	const struct http_limits *limits = &c->server->config.limits;
	struct prescan_refusal refusal;
	size_t used = 0;

	while (used < len && conn_may_begin(c)) {
		int rc = prescan_feed(&c->scan, p + used, len - used, limits, &refusal);

		if (rc < 0) {
			conn_refuse(c, refusal.status, refusal.why);
			return len;
		}
		if (rc == 0 && c->scan.pos == c->scan.start) {
			/* Only the empty line that some clients send after a body: nothing has begun. */
			used += c->scan.pos;
			c->scan = (struct prescan){.pos = 0};
			break;
		}
		if (rc == 0) {
			conn_head_began(c);
			break;
		}
		ssize_t n = conn_begin(c, p + used, len - used);
		if (n < 0)
			return len;
		used += (size_t)n;
		conn_settle(c);
	}
	return used;
}

void conn_parse_queued(struct conn *c)
{
	c->busy = true;
	size_t used = conn_parse(c, buf_data(&c->in), buf_len(&c->in));
	/* After a refusal nothing is queued any more. */
	buf_consume(&c->in, used < buf_len(&c->in) ? used : buf_len(&c->in));
	if (buf_len(&c->in) == 0)
		buf_finish(&c->in);
	c->busy = false;
}

/* Keeps bytes whose turn has not come. */
static void enqueue(struct conn *c, const char *p, size_t len)
{
	if (len > 0 && buf_add(&c->in, p, len) < 0)
		conn_close(c);
}

static void read_heads(struct conn *c)
{
	char *scratch = c->server->scratch;
	size_t n = receive(c, scratch, SCRATCH_SIZE);

	if (n == 0)
		return;
	if (buf_len(&c->in) > 0) {
		enqueue(c, scratch, n);
		if (c->state != CONN_CLOSED)
			conn_parse_queued(c);
	} else {
		c->busy = true;
		size_t used = conn_parse(c, scratch, n);
		c->busy = false;
		if (c->state != CONN_CLOSED && !c->closing)
			enqueue(c, scratch + used, n - used);
	}
	conn_advance(c);
}

/* Pipelined requests while one is in flight: one helping, then the client has to wait. */
static void read_ahead(struct conn *c)
{
	size_t n = receive(c, c->server->scratch, SCRATCH_SIZE);

	if (n == 0)
		return;
	enqueue(c, c->server->scratch, n);
	conn_update(c);
}

static size_t body_room(const struct http_request *req)
{
	size_t room = REQUEST_BODY_HIGH - buf_len(&req->body);
	uint64_t left = req->body_length - req->body_seen;

	if (!req->body_length || left >= room)
		return room;
	return left > BODY_READ_MIN ? (size_t)left : BODY_READ_MIN < room ? BODY_READ_MIN : room;
}

/* The response has ended; the rest of the request's body stands before the next request. */
static void discard_body(struct conn *c)
{
	struct http_request *req = c->req;

	buf_consume(&req->body, buf_len(&req->body));
	if (req->body_seen > req->body_left_at + BODY_DISCARD_MAX) {
		c->closing = true;
		c->must_linger = true;
	}
}

static void read_body(struct conn *c)
{
	struct http_request *req = c->req;

	request_take_back(req);
	size_t room = body_room(req);
	if (buf_reserve(&req->body, room) < 0) {
		conn_fail(c, 503, "out of memory");
		return;
	}
	char *raw = buf_tail(&req->body);
	size_t n = receive(c, raw, room);
	if (n == 0)
		return;
	ssize_t used = feed_body(c, n);
	if (used < 0)
		return;
	enqueue(c, raw + used, n - (size_t)used);
	if (c->timeout.kind == TIMEOUT_BODY)
		conn_progress(c);
	if (c->state == CONN_FINISHING) {
		discard_body(c);
	} else if (c->state == CONN_ACTIVE && req->body_waits) {
		req->body_waits = false;
		c->server->host_calls++;
		c->server->config.ops->on_body(req);
	}
	conn_advance(c);
}

void conn_readable(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		read_heads(c);
		break;
	case CONN_ACTIVE:
	case CONN_FINISHING:
		if (c->req && !c->req->body_complete)
			read_body(c);
		else
			read_ahead(c);
		break;
	case CONN_LINGERING:
		conn_discard(c);
		break;
	case CONN_CLOSED:
		break;
	}
}
