/* Servers and clients for the tests of daemon/http. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GIVE_UP_S 10.0

static void give_up_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	*(bool *)w->data = true;
}

void turn(struct ev_loop *loop, const char *what)
{
	bool over = false;
	ev_timer timer;

	ev_timer_init(&timer, give_up_cb, GIVE_UP_S, 0);
	timer.data = &over;
	ev_now_update(loop);
	ev_timer_start(loop, &timer);
	ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &timer);
	if (over)
		fail_msg("nothing happened while waiting for: %s", what);
}

void settle(struct ev_loop *loop)
{
	for (int i = 0; i < 20; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

/* ---- the application ---- */

static void app_request(void *app, struct http_request *req)
{
	struct server *s = app;

	http_request_set_data(req, s);
	s->requests++;
	s->handler(s, req);
}

static void app_body(struct http_request *req)
{
	struct server *s = http_request_data(req);

	s->on_body(s, req);
}

static void app_writable(struct http_request *req)
{
	struct server *s = http_request_data(req);

	s->writables++;
	if (s->on_writable)
		s->on_writable(s, req);
}

static void app_abort(struct http_request *req)
{
	struct server *s = http_request_data(req);

	s->aborts++;
	s->held = NULL;
}

static const struct http_app_ops app_ops = {
	.on_request = app_request,
	.on_body = app_body,
	.on_writable = app_writable,
	.on_abort = app_abort,
};

static void on_access(void *owner, const struct http_access *a)
{
	struct server *s = owner;

	s->accesses++;
	s->access_status = a->status;
	s->access_bytes = a->bytes;
	s->access_seconds = a->seconds;
	snprintf(s->access_target, sizeof(s->access_target), "%.*s", (int)a->target.len,
		 a->target.p);
	snprintf(s->access_client, sizeof(s->access_client), "%s", a->client);
}

static void on_refused(void *owner, const char *client, int status, const char *why)
{
	struct server *s = owner;

	(void)client;
	s->refusals++;
	s->refused_status = status;
	snprintf(s->refused_why, sizeof(s->refused_why), "%s", why);
}

static void on_drained(void *owner)
{
	struct server *s = owner;

	s->drained++;
	http_server_destroy(s->http);
	s->http = NULL;
}

void collect(struct server *s, struct http_request *req)
{
	const char *data;
	size_t len;
	bool more;

	while (http_request_read(req, &data, &len, &more) == 1) {
		assert_int_equal(buf_add(&s->body, data, len), 0);
		s->body_ended = !more;
		if (!more)
			break;
	}
}

void say_hello(struct server *s, struct http_request *req)
{
	(void)s;
	http_response_simple(req, 200, "text/plain", "hello", 5);
}

void hold(struct server *s, struct http_request *req)
{
	s->held = req;
}

static void hello_when_read(struct server *s, struct http_request *req)
{
	collect(s, req);
	if (s->body_ended)
		say_hello(s, req);
}

void read_then_hello(struct server *s, struct http_request *req)
{
	buf_consume(&s->body, buf_len(&s->body));
	s->body_ended = false;
	s->on_body = hello_when_read;
	hello_when_read(s, req);
}

static void echo_on(struct server *s, struct http_request *req)
{
	const char *data;
	size_t len;
	bool more;
	int rc = 0;

	while (rc == 0) {
		if (http_request_read(req, &data, &len, &more) != 1)
			return;
		rc = http_response_body(req, data, len);
		assert_true(rc >= 0);
		if (!more) {
			http_response_end(req);
			return;
		}
	}
	(void)s;
}

void echo(struct server *s, struct http_request *req)
{
	s->on_body = echo_on;
	s->on_writable = echo_on;
	assert_int_equal(http_response_start(req, 200), 0);
	echo_on(s, req);
}

/* ---- servers ---- */

static void init(struct server *s, struct ev_loop *loop, handler_fn *handler)
{
	*s = (struct server){.loop = loop, .handler = handler, .on_body = collect, .listener = -1};
	buf_init(&s->body, SIZE_MAX);
	s->config = (struct http_server_config){
		.loop = loop,
		.ops = &app_ops,
		.app = s,
		.owner = s,
		.access = on_access,
		.refused = on_refused,
		.drained = on_drained,
	};
	http_limits_default(&s->config.limits);
}

static void bind_listen(struct server *s, const void *sa, socklen_t len)
{
	s->listener = socket(((const struct sockaddr *)sa)->sa_family,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(s->listener >= 0);
	assert_int_equal(bind(s->listener, sa, len), 0);
	assert_int_equal(listen(s->listener, 64), 0);
}

void server_init(struct server *s, struct ev_loop *loop, handler_fn *handler)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);

	init(s, loop, handler);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind_listen(s, &sa, len);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&sa, &len), 0);
	s->port = ntohs(sa.sin_port);
}

void server_init_unix(struct server *s, struct ev_loop *loop, handler_fn *handler)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	init(s, loop, handler);
	/* bind(2) makes the name; a directory of our own keeps others away from it. */
	snprintf(s->path, sizeof(s->path), "/tmp/bb-http-test-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	strcat(s->path, "/s");
	memcpy(sa.sun_path, s->path, strlen(s->path) + 1);
	bind_listen(s, &sa, sizeof(sa));
}

void server_start(struct server *s)
{
	s->config.listeners = &s->listener;
	s->config.listener_count = 1;
	assert_int_equal(http_server_create(&s->http, &s->config), 0);
	s->config.listeners = NULL;
	http_server_start(s->http);
}

void server_start_beside(struct server *s, struct ev_loop *loop, handler_fn *handler,
			 struct server *other)
{
	init(s, loop, handler);
	s->port = other->port;
	s->listener = dup(other->listener);
	assert_true(s->listener >= 0);
	server_start(s);
}

void server_finish(struct server *s)
{
	http_server_destroy(s->http);
	buf_finish(&s->body);
	for (size_t i = 0; i < s->released_count; i++)
		fd_close(&s->released[i].fd);
	if (s->path[0]) {
		unlink(s->path);
		*strrchr(s->path, '/') = '\0';
		rmdir(s->path);
	}
}

/* ---- clients ---- */

static void client_read_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct client *c = container_of(w, struct client, reader);

	(void)revents;
	assert_int_equal(buf_reserve(&c->in, 65536), 0);
	ssize_t n = recv(c->fd, buf_tail(&c->in), 65536, 0);
	if (n > 0) {
		buf_commit(&c->in, (size_t)n);
	} else if (n == 0 || errno != EAGAIN) {
		c->reset = n < 0;
		c->eof = true;
		ev_io_stop(loop, w);
	}
}

void client_init(struct client *c, struct ev_loop *loop, int fd)
{
	*c = (struct client){.loop = loop, .fd = fd};
	buf_init(&c->in, SIZE_MAX);
	assert_int_equal(fd_set_nonblock(fd, true), 0);
	ev_io_init(&c->reader, client_read_cb, fd, EV_READ);
	ev_io_start(loop, &c->reader);
}

void client_connect(struct client *c, struct server *s)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(s->port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	bool local = s->path[0] != '\0';
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(un.sun_path, s->path, strlen(s->path) + 1);
	/* Blocking: the kernel completes it without the server's help. */
	assert_int_equal(connect(fd, local ? (struct sockaddr *)&un : (struct sockaddr *)&in,
				 local ? sizeof(un) : sizeof(in)),
			 0);
	client_init(c, s->loop, fd);
}

void client_finish(struct client *c)
{
	ev_io_stop(c->loop, &c->reader);
	fd_close(&c->fd);
	buf_finish(&c->in);
}

ssize_t client_try_send(struct client *c, const void *data, size_t len)
{
	ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	return n;
}

void client_send_bytes(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = client_try_send(c, p, len);

		if (n < 0)
			fail_msg("send: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
		if (len > 0)
			turn(c->loop, "room to send");
	}
}

void client_send(struct client *c, const char *text)
{
	client_send_bytes(c, text, strlen(text));
}

void client_pause(struct client *c, bool paused)
{
	if (paused)
		ev_io_stop(c->loop, &c->reader);
	else
		ev_io_start(c->loop, &c->reader);
}

static void take(struct client *c, struct reply *r, size_t n)
{
	size_t room = sizeof(r->body) - 1;

	WAIT_FOR(c->loop, buf_len(&c->in) >= n || c->eof);
	if (buf_len(&c->in) < n)
		fail_msg("connection ended %zu bytes before the body did", n - buf_len(&c->in));
	if (r->body_len < room)
		memcpy(r->body + r->body_len, buf_data(&c->in),
		       n < room - r->body_len ? n : room - r->body_len);
	r->body_len += n;
	buf_consume(&c->in, n);
}

static char *find_line_end(const struct client *c)
{
	char *data = buf_data(&c->in);

	return data ? memmem(data, buf_len(&c->in), "\r\n", 2) : NULL;
}

/* A line without its CRLF, taken from the input. */
static void take_line(struct client *c, char *line, size_t size)
{
	char *end;

	WAIT_FOR(c->loop, find_line_end(c) || c->eof);
	end = find_line_end(c);
	if (!end)
		fail_msg("connection ended in the middle of a head%s", c->reset ? " (reset)" : "");
	size_t len = (size_t)(end - buf_data(&c->in));
	assert_true(len < size);
	memcpy(line, buf_data(&c->in), len);
	line[len] = '\0';
	buf_consume(&c->in, len + 2);
}

static void take_chunks(struct client *c, struct reply *r)
{
	char line[64];

	for (;;) {
		take_line(c, line, sizeof(line));
		size_t n = strtoull(line, NULL, 16);
		if (n > 0)
			take(c, r, n);
		take_line(c, line, sizeof(line));
		assert_string_equal(line, "");
		if (n == 0)
			return;
	}
}

bool reply_has(const struct reply *r, const char *line)
{
	char with_ends[512];

	snprintf(with_ends, sizeof(with_ends), "\n%s\n", line);
	return strstr(r->head, with_ends) != NULL;
}

static void take_head(struct client *c, struct reply *r)
{
	char line[4096];
	size_t at = 0;

	for (;;) {
		take_line(c, line, sizeof(line));
		if (!line[0])
			break;
		int n = snprintf(r->head + at, sizeof(r->head) - at, "%s\n", line);
		assert_true((size_t)n < sizeof(r->head) - at);
		at += (size_t)n;
	}
	assert_int_equal(sscanf(r->head, "HTTP/1.1 %d ", &r->status), 1);
}

void client_reply(struct client *c, struct reply *r, bool head_only)
{
	const char *length;

	*r = (struct reply){.status = 0};
	take_head(c, r);
	r->chunked = reply_has(r, "Transfer-Encoding: chunked");
	length = strstr(r->head, "\nContent-Length: ");
	r->has_length = length != NULL;
	if (head_only || r->status < 200 || r->status == 204 || r->status == 304)
		return;
	if (r->chunked) {
		take_chunks(c, r);
	} else if (length) {
		take(c, r, strtoull(length + 17, NULL, 10));
	} else {
		WAIT_FOR(c->loop, c->eof);
		take(c, r, buf_len(&c->in));
	}
}

void client_expect(struct client *c, int status, const char *body)
{
	struct reply *r = malloc(sizeof(*r));

	assert_non_null(r);
	client_reply(c, r, false);
	if (r->status != status)
		fail_msg("status %d, expected %d: %s", r->status, status, r->body);
	if (body)
		assert_string_equal(r->body, body);
	free(r);
}

void client_expect_close(struct client *c)
{
	WAIT_FOR(c->loop, c->eof);
	assert_int_equal(buf_len(&c->in), 0);
	assert_false(c->reset);
}
