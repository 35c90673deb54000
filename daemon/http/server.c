/* The server: its loop watchers, its states, its timer. */
#include "daemon/http/server.h"

#include "common/clock.h"
#include "common/fd.h"
#include "daemon/http/conn.h"
#include "daemon/http/request.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HALF_CLOSE_MS 2000 /* a client that sent FIN may still wait for its answer */
#define LINGER_MS     2000 /* without a byte from the client after our last word */
#define FAREWELL_MS   500  /* the same for an idle connection, which has nothing to lose */

int64_t server_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void timer_start(struct http_server *s, int64_t at_ms)
{
	int64_t after = at_ms - server_now_ms();

	s->timer_ms = at_ms;
	ev_timer_stop(s->loop, &s->timer);
	/* The clock is some ms coarse: a little later is on time, a little earlier would be twice. */
	ev_timer_set(&s->timer, (double)(after > 0 ? after : 0) / 1000 + 0.005, 0);
	ev_timer_start(s->loop, &s->timer);
}

void server_timer_update(struct http_server *s, int64_t at_ms)
{
	if (!ev_is_active(&s->timer) || at_ms < s->timer_ms)
		timer_start(s, at_ms);
}

static int64_t next_deadline(const struct http_server *s)
{
	int64_t next = timeouts_next(&s->timeouts);

	if (s->accept_again_ms && (next < 0 || s->accept_again_ms < next))
		next = s->accept_again_ms;
	return next;
}

static void server_timer_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct http_server *s = container_of(w, struct http_server, timer);
	int64_t now = server_now_ms();
	struct timeout *t;

	while ((t = timeouts_pop(&s->timeouts, now)))
		conn_timed_out(container_of(t, struct conn, timeout));
	if (s->accept_again_ms && s->accept_again_ms <= now) {
		s->accept_again_ms = 0;
		server_update_accept(s);
	}
	int64_t next = next_deadline(s);
	if (next >= 0)
		timer_start(s, next);
}

void server_defer(struct http_server *s)
{
	if (!ev_is_active(&s->deferral))
		ev_prepare_start(s->loop, &s->deferral);
}

static void run_deferred(struct http_server *s)
{
	struct list_node *n;

	while ((n = list_first(&s->deferred)))
		conn_deferred(list_entry(n, struct conn, deferred_link));
}

static bool has_drained(const struct http_server *s)
{
	return s->state == SERVER_DRAINING && s->stats.connections == 0 && !s->drained_told;
}

static void server_wake_cb(struct ev_loop *loop, ev_idle *w, int revents BB_UNUSED)
{
	struct http_server *s = container_of(w, struct http_server, wake);

	ev_idle_stop(loop, w);
	if (has_drained(s)) {
		s->drained_told = true;
		s->config.drained(s->config.owner); /* may destroy us */
	}
}

static void server_deferral_cb(struct ev_loop *loop, ev_prepare *w, int revents BB_UNUSED)
{
	struct http_server *s = container_of(w, struct http_server, deferral);
	uint64_t calls = s->host_calls;

	run_deferred(s);
	ev_prepare_stop(loop, w);
	/* The host may have work now that it does outside of the loop (Python's tasks): do not block. */
	if (s->host_calls != calls || has_drained(s))
		ev_idle_start(loop, &s->wake);
}

void server_update_accept(struct http_server *s)
{
	const struct http_limits *l = &s->config.limits;

	s->accepting = s->state == SERVER_RUNNING && !s->accept_again_ms &&
		       (!l->connections_max || s->stats.connections < l->connections_max);
	for (size_t i = 0; i < s->listener_count; i++)
		listener_accept(&s->listeners[i], s->accepting);
}

void server_pause_accept(struct http_server *s, int64_t ms)
{
	s->accept_again_ms = server_now_ms() + ms;
	server_timer_update(s, s->accept_again_ms);
	server_update_accept(s);
}

void server_conn_opened(struct http_server *s)
{
	uint32_t max = s->config.limits.connections_max;

	s->stats.connections++;
	if (max && s->stats.connections == max)
		server_update_accept(s);
}

void server_conn_closed(struct http_server *s)
{
	s->stats.connections--;
	if (!s->accepting && s->state == SERVER_RUNNING) {
		s->accept_again_ms = 0; /* a descriptor has become free */
		server_update_accept(s);
	}
	if (s->stats.connections == 0 && !s->accept_again_ms)
		ev_timer_stop(s->loop, &s->timer);
}

void server_refused(struct http_server *s, const struct addr *client, int status, const char *why)
{
	char text[ADDR_TEXT_LEN];

	if (!s->config.refused)
		return;
	addr_format(client, text);
	s->config.refused(s->config.owner, text, status, why);
}

static int copy_config(struct http_server *s, const struct http_server_config *c)
{
	s->config = *c;
	s->config.listeners = NULL;
	s->config.extra_header = NULL;
	s->config.forwarded_allow_ips = NULL;
	if (c->extra_header) {
		s->extra_header = strdup(c->extra_header);
		if (!s->extra_header)
			return -ENOMEM;
		s->extra_header_len = strlen(s->extra_header);
	}
	int rc = forwarded_init(&s->forwarded, c->forwarded_allow_ips);
	if (rc < 0)
		return rc;
	s->listeners = calloc(c->listener_count + 1, sizeof(*s->listeners));
	if (!s->listeners)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->listener_count && rc == 0; i++) {
		rc = listener_init(&s->listeners[i], s, c->listeners[i], i);
		s->listener_count = i + 1;
	}
	return rc;
}

static void init_timeouts(struct http_server *s)
{
	const struct http_limits *l = &s->config.limits;
	const uint64_t ms[TIMEOUT_KINDS] = {
		[TIMEOUT_HEADER] = l->header_timeout_ms,
		[TIMEOUT_BODY] = l->body_timeout_ms,
		[TIMEOUT_KEEP_ALIVE] = l->keep_alive_timeout_ms,
		[TIMEOUT_WRITE] = l->write_timeout_ms,
		[TIMEOUT_HALF_CLOSE] = HALF_CLOSE_MS,
		[TIMEOUT_LINGER] = LINGER_MS,
		[TIMEOUT_FAREWELL] = FAREWELL_MS,
	};

	timeouts_init(&s->timeouts, ms);
}

int http_server_create(struct http_server **out, const struct http_server_config *c)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->loop = c->loop;
	list_init(&s->conns);
	list_init(&s->deferred);
	list_init(&s->pool);
	buf_init(&s->spare_output, SIZE_MAX);
	poller_init(&s->poller);
	ev_prepare_init(&s->deferral, server_deferral_cb);
	ev_idle_init(&s->wake, server_wake_cb);
	ev_set_priority(&s->wake, EV_MAXPRI); /* or it would starve on a busy server */
	ev_timer_init(&s->timer, server_timer_cb, 0, 0);
	int rc = copy_config(s, c);
	init_timeouts(s);
	if (rc < 0) {
		for (size_t i = 0; i < s->listener_count; i++)
			s->listeners[i].fd = -1; /* the caller keeps them */
		http_server_destroy(s);
		return rc;
	}
	*out = s;
	return 0;
}

void http_server_destroy(struct http_server *s)
{
	if (!s)
		return;
	s->state = SERVER_DRAINING; /* nothing is accepted any more */
	s->drained_told = true;
	list_for_each(c, &s->conns, struct conn, link)
		conn_close(c);
	run_deferred(s);
	for (size_t i = 0; i < s->listener_count; i++)
		listener_finish(&s->listeners[i]);
	ev_prepare_stop(s->loop, &s->deferral);
	ev_idle_stop(s->loop, &s->wake);
	ev_timer_stop(s->loop, &s->timer);
	request_pool_finish(s);
	forwarded_finish(&s->forwarded);
	buf_finish(&s->spare_output);
	free(s->listeners);
	free(s->extra_header);
	free(s);
}

/* After a change of state: what was queued may start now, what is idle may have to wait or go. */
static void revisit_conns(struct http_server *s)
{
	server_update_accept(s);
	list_for_each(c, &s->conns, struct conn, link) {
		if (c->state == CONN_IDLE || c->state == CONN_HEAD) {
			if (buf_len(&c->in) > 0 && s->state == SERVER_RUNNING)
				conn_defer(c);
			conn_advance(c);
		}
	}
}

void http_server_start(struct http_server *s)
{
	if (s->state != SERVER_NEW)
		return;
	s->state = SERVER_RUNNING;
	revisit_conns(s);
}

void http_server_pause(struct http_server *s)
{
	if (s->state != SERVER_NEW && s->state != SERVER_RUNNING)
		return;
	s->state = SERVER_PAUSED;
	revisit_conns(s);
}

void http_server_resume(struct http_server *s)
{
	if (s->state != SERVER_PAUSED)
		return;
	s->state = SERVER_RUNNING;
	revisit_conns(s);
}

void http_server_drain(struct http_server *s)
{
	if (s->state == SERVER_DRAINING)
		return;
	s->state = SERVER_DRAINING;
	revisit_conns(s);
	server_defer(s); /* for `drained`, if nothing is open */
}

int http_server_adopt(struct http_server *s, int fd, const char *peer, uint32_t listener,
		      uint32_t requests, const void *pending, size_t pending_len)
{
	struct addr addr;
	struct conn *c;
	int rc = addr_parse(&addr, peer, strlen(peer));

	if (rc == 0)
		rc = fd_set_nonblock(fd, true);
	if (rc == 0)
		rc = fd_set_cloexec(fd, true);
	if (rc < 0) {
		fd_close(&fd);
		return rc;
	}
	rc = conn_create(s, fd, &addr, listener, &c);
	if (rc < 0)
		return rc;
	c->requests = requests;
	c->seen = requests > 0 || pending_len > 0;
	if (pending_len > 0 && buf_add(&c->in, pending, pending_len) < 0) {
		conn_close(c);
		return -ENOMEM;
	}
	conn_defer(c);
	return 0;
}

struct http_server_stats http_server_stats(const struct http_server *s)
{
	return s->stats;
}
