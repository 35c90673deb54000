/* The servers of the harness, and the applications that they run. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <netinet/in.h>
#include <signal.h>
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

bool take_release(void *owner, const struct http_release *r)
{
	struct server *s = owner;
	struct released *to = &s->released[s->released_count];

	if (s->refuse_release)
		return false;
	assert_true(s->released_count < RELEASED_MAX);
	assert_true(r->pending_len <= sizeof(to->pending));
	to->fd = r->fd;
	memcpy(to->pending, r->pending_len ? r->pending : "", r->pending_len);
	to->pending_len = r->pending_len;
	to->listener = r->listener;
	to->requests = r->requests;
	snprintf(to->peer, sizeof(to->peer), "%s", r->peer);
	s->released_count++;
	return true;
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
	s->config.release = take_release;
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

/* ---- the fixture ---- */

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	f->loop = ev_loop_new(EVFLAG_AUTO);
	server_init(&f->server, f->loop, say_hello);
	*state = f;
	return 0;
}

int fixture_setup_started(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	fixture_start(*state);
	return 0;
}

void fixture_start(struct fixture *f)
{
	server_start(&f->server);
	client_connect(&f->client, &f->server);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	client_finish(&f->client);
	server_finish(&f->server);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

void outlast(unsigned int ms)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct server s;
	struct client c;

	server_init(&s, loop, say_hello);
	s.config.limits.keep_alive_timeout_ms = ms;
	server_start(&s);
	client_connect(&c, &s);
	client_expect_close(&c);
	client_finish(&c);
	server_finish(&s);
	ev_loop_destroy(loop);
}
