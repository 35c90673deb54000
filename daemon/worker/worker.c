/* The life of a worker process: configuration, serving, draining, stopping. */
#include "daemon/worker/worker.h"

#include "common/fd.h"
#include "common/log.h"
#include "daemon/http/server.h"
#include "daemon/worker/access_log.h"
#include "daemon/worker/outbox.h"
#include "daemon/worker/startup.h"

#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MESSAGES_A_TURN 64 /* so that a busy channel does not keep the connections waiting */

/*
 *   loading ─► serving ─► draining ─► flushing ─► stopping
 *                 └───────────┴───────────┴──────────┘  STOP, or the drain time is over
 */
enum worker_state {
	WORKER_LOADING, /* the host loads its application */
	WORKER_SERVING,
	WORKER_DRAINING, /* requests finish, idle connections are given away */
	WORKER_FLUSHING, /* the last of them wait for room in the channel */
	WORKER_STOPPING, /* the host ends its application */
};

struct worker {
	struct worker_config config;
	enum worker_state state;
	int *listeners; /* the server's once there is one */
	struct ev_loop *loop;
	struct http_server *server;
	struct http_server_stats last_stats; /* of a server that is gone */
	struct worker_ops ops;
	void *app;

	ev_io channel;
	struct outbox outbox;
	struct access_log access_log;
	enum log_format log_format;
	ev_signal terminate;
	ev_timer drain_limit;
	ev_timer retire; /* requests_max: drain, but not from within the server */
	char extra_header[64];
	char message[CHANNEL_MESSAGE_MAX];
};

const struct worker_config *worker_config(const struct worker *w)
{
	return &w->config;
}

int worker_open(struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->log_format = LOG_FORMAT_TEXT;
	err = startup_signals();
	if (!err)
		err = startup_receive_config(WORKER_CHANNEL_FD, w->message, sizeof(w->message),
					     &w->config);
	if (!err)
		err = startup_listeners(&w->config, &w->listeners);
	if (err) {
		worker_destroy(w);
		return err;
	}
	startup_log(&w->config, &w->log_format);
	*out = w;
	return 0;
}

void worker_fail(struct worker *w, const struct worker_error *e)
{
	struct buf body;
	int err;

	(void)w;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	err = worker_error_encode(e, &body);
	if (!err)
		err = startup_send(WORKER_CHANNEL_FD, CHANNEL_FAILED, buf_data(&body),
				   buf_len(&body));
	if (err)
		log_error_errno(err, "the master: cannot be told that \"%s\"",
				e->message ? e->message : "loading failed");
	buf_finish(&body);
}

static struct http_server_stats current_stats(const struct worker *w)
{
	return w->server ? http_server_stats(w->server) : w->last_stats;
}

static void stop(struct worker *w)
{
	if (w->state == WORKER_STOPPING)
		return;
	w->state = WORKER_STOPPING;
	ev_timer_stop(w->loop, &w->drain_limit);
	ev_timer_stop(w->loop, &w->retire);
	w->last_stats = current_stats(w);
	w->last_stats.connections = w->last_stats.active = 0;
	http_server_destroy(w->server);
	w->server = NULL;
	w->ops.stopping(w->app);
}

static void drain(struct worker *w, const char *why)
{
	if (w->state != WORKER_SERVING)
		return;
	log_debug("draining: %s", why);
	w->state = WORKER_DRAINING;
	ev_timer_set(&w->drain_limit, (double)w->config.drain_timeout_ms / 1000, 0.);
	ev_timer_start(w->loop, &w->drain_limit);
	http_server_drain(w->server);
}

static void terminate_cb(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	(void)loop;
	(void)revents;
	drain(container_of(watcher, struct worker, terminate), "SIGTERM");
}

static void retire_cb(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	drain(container_of(watcher, struct worker, retire), "--max-requests reached");
}

static void drain_limit_cb(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct worker *w = container_of(watcher, struct worker, drain_limit);

	uint32_t open = current_stats(w).connections;

	(void)loop;
	(void)revents;
	if (open > 0)
		log_info("drain time over: cutting off %" PRIu32 " of the connections", open);
	stop(w);
}

/* The server's callbacks. */

static void access_cb(void *owner, const struct http_access *a)
{
	struct worker *w = owner;
	uint64_t max = w->config.limits.requests_max;

	if (w->config.access_log)
		access_log_add(&w->access_log, a);
	if (max > 0 && w->state == WORKER_SERVING && http_server_stats(w->server).requests >= max)
		ev_timer_start(w->loop, &w->retire);
}

static void refused_cb(void *owner, const char *client, int status, const char *why)
{
	(void)owner;
	log_info("%s: refused with %d: %s", *client ? client : "client", status, why);
}

/* Gives a connection to the master, who finds it a worker. */
static bool release_cb(void *owner, const struct http_release *r)
{
	struct worker *w = owner;
	struct conn_record record = {
		.pending = r->pending,
		.pending_len = r->pending_len,
		.listener = r->listener,
		.requests = r->requests,
	};
	struct buf body;
	int err;

	snprintf(record.peer, sizeof(record.peer), "%s", r->peer);
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	err = conn_record_encode(&record, &body);
	if (!err)
		err = outbox_send(&w->outbox, CHANNEL_CONN, buf_data(&body), buf_len(&body), r->fd);
	if (err)
		log_warn_errno(err, "connection of \"%s\": not handed over, closing it", r->peer);
	buf_finish(&body);
	return err == 0;
}

static void drained_cb(void *owner)
{
	struct worker *w = owner;

	if (w->state != WORKER_DRAINING)
		return;
	w->state = WORKER_FLUSHING;
	if (outbox_is_empty(&w->outbox))
		stop(w);
}

static void outbox_emptied(void *owner)
{
	struct worker *w = owner;

	if (w->state == WORKER_FLUSHING)
		stop(w);
}

/* The master's messages. */

static void send_stats(struct worker *w)
{
	struct http_server_stats s = current_stats(w);
	struct worker_stats stats = {s.requests, s.accepted, s.connections, s.active};
	struct buf body;
	int err;

	buf_init(&body, CHANNEL_MESSAGE_MAX);
	err = worker_stats_encode(&stats, &body);
	if (!err)
		err = outbox_send(&w->outbox, CHANNEL_STATS, buf_data(&body), buf_len(&body), -1);
	if (err)
		log_warn_errno(err, "the master: cannot be told our figures");
	buf_finish(&body);
}

/* A worker that no longer serves gives it back as it came. */
static void take_connection(struct worker *w, struct channel_message *m)
{
	struct conn_record c;
	int err = m->fd < 0 ? -EBADMSG : conn_record_decode(m->body, m->len, &c);

	if (err) {
		fd_close(&m->fd);
	} else if (w->state == WORKER_SERVING) {
		err = http_server_adopt(w->server, m->fd, c.peer, c.listener, c.requests, c.pending,
					c.pending_len);
	} else {
		err = outbox_send(&w->outbox, CHANNEL_CONN, m->body, m->len, m->fd);
		if (err)
			fd_close(&m->fd);
	}
	m->fd = -1;
	if (err)
		log_warn_errno(err, "connection from another worker: lost");
}

static void handle_message(struct worker *w, struct channel_message *m)
{
	switch (m->type) {
	case CHANNEL_CONN:
		take_connection(w, m);
		break;
	case CHANNEL_PAUSE:
		if (w->state == WORKER_SERVING)
			http_server_pause(w->server);
		break;
	case CHANNEL_RESUME:
		if (w->state == WORKER_SERVING)
			http_server_resume(w->server);
		break;
	case CHANNEL_DRAIN:
		drain(w, "the master asks");
		break;
	case CHANNEL_STOP:
		stop(w);
		break;
	case CHANNEL_STATS:
		send_stats(w);
		break;
	case CHANNEL_CONFIG:
	case CHANNEL_READY:
	case CHANNEL_FAILED:
	case CHANNEL_MODULES:
	case CHANNEL_PRELOAD:
	case CHANNEL_WARM:
	case CHANNEL_SPOILT:
	case CHANNEL_SPAWN:
	case CHANNEL_REFUSED:
	case CHANNEL_HELLO:
	case CHANNEL_RETRY:
		break; /* not for us, now */
	}
	fd_close(&m->fd);
}

/* Without a master nobody would notice us, count us or stop us: nothing is worth waiting for. */
static void die_orphaned(int err)
{
	log_error_errno(err ? err : -ECONNRESET, "the master is gone");
	_exit(1);
}

static void channel_cb(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct worker *w = container_of(watcher, struct worker, channel);

	(void)loop;
	(void)revents;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		struct channel_message m;
		int got = channel_recv(WORKER_CHANNEL_FD, w->message, sizeof(w->message), &m);

		if (got == -EAGAIN)
			return;
		if (got == 0 || (got < 0 && got != -EBADMSG))
			die_orphaned(got);
		if (got > 0)
			handle_message(w, &m);
	}
}

static int create_server(struct worker *w)
{
	struct http_server_config c = {
		.loop = w->loop,
		.listeners = w->listeners,
		.listener_count = w->config.listeners,
		.limits = w->config.limits,
		.extra_header = w->config.reload ? w->extra_header : NULL,
		.forwarded_allow_ips = w->config.forwarded_allow_ips,
		.ops = &w->ops.http,
		.app = w->app,
		.owner = w,
		.access = access_cb,
		.refused = refused_cb,
		.release = release_cb,
		.drained = drained_cb,
	};

	snprintf(w->extra_header, sizeof(w->extra_header), "Blackbulld-Generation: %" PRIu64 "\r\n",
		 w->config.generation);
	return http_server_create(&w->server, &c);
}

static void start_watchers(struct worker *w)
{
	outbox_init(&w->outbox, w->loop, WORKER_CHANNEL_FD, outbox_emptied, w);
	access_log_init(&w->access_log, w->loop, w->log_format);
	ev_timer_init(&w->drain_limit, drain_limit_cb, 0., 0.);
	ev_timer_init(&w->retire, retire_cb, 0., 0.);
	ev_signal_init(&w->terminate, terminate_cb, SIGTERM);
	ev_signal_start(w->loop, &w->terminate);
	ev_io_init(&w->channel, channel_cb, WORKER_CHANNEL_FD, EV_READ);
	ev_io_start(w->loop, &w->channel);
}

static void stop_watchers(struct worker *w)
{
	ev_io_stop(w->loop, &w->channel);
	ev_signal_stop(w->loop, &w->terminate);
	ev_timer_stop(w->loop, &w->retire);
	ev_timer_stop(w->loop, &w->drain_limit);
	access_log_finish(&w->access_log);
	outbox_finish(&w->outbox);
}

int worker_serve(struct worker *w, struct ev_loop *loop, const struct worker_ops *ops, void *app)
{
	int err;

	w->loop = loop;
	w->ops = *ops;
	w->app = app;
	err = create_server(w);
	if (err)
		return err;
	start_watchers(w);
	w->state = WORKER_SERVING;
	http_server_start(w->server);
	return outbox_send(&w->outbox, CHANNEL_READY, NULL, 0, -1);
}

void worker_destroy(struct worker *w)
{
	int channel = WORKER_CHANNEL_FD;

	if (!w)
		return;
	http_server_destroy(w->server);
	if (w->state != WORKER_LOADING)
		stop_watchers(w);
	else
		startup_close_listeners(&w->config, w->listeners);
	fd_close(&channel);
	free(w->listeners);
	worker_config_finish(&w->config);
	free(w);
}
