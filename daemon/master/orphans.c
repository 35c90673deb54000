/* Workers of an image whose state could not be read: drained over their channels. */
#include "daemon/master/orphans.h"

#include "common/fd.h"
#include "common/log.h"
#include "daemon/ipc/channel.h"
#include "daemon/master/handoff.h"
#include "daemon/master/output.h"
#include "daemon/master/supervisor.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <unistd.h>

#define SLACK_MS 1000 /* they end by themselves at the time limit */

struct orphan {
	struct orphans *all;
	ev_io readable; /* a channel's, or a pipe's */
	struct output_source source;
};

struct orphans {
	struct ev_loop *loop;
	struct supervisor *supervisor;
	struct output *output;
	bool draining;
	ev_timer limit;
	void (*gone)(void *owner);
	void *owner;
	size_t channels; /* the first of v; the others are pipes */
	size_t count;
	struct orphan v[];
};

static void orphan_close(struct orphan *one)
{
	if (one->readable.fd < 0)
		return;
	ev_io_stop(one->all->loop, &one->readable);
	close(one->readable.fd);
	one->readable.fd = -1;
}

bool orphans_left(const struct orphans *o)
{
	for (size_t i = 0; o && i < o->channels; i++) {
		if (o->v[i].readable.fd >= 0)
			return true;
	}
	return false;
}

/* A channel has come to its end: the worker is gone, or will be. */
static void orphan_leaves(struct orphan *one)
{
	struct orphans *o = one->all;

	orphan_close(one);
	if (o->gone && !orphans_left(o))
		o->gone(o->owner);
}

/* Takes what it has to say. Returns false at the end, or when there is nothing now. */
static bool channel_turn(struct orphan *one)
{
	char buf[CHANNEL_MESSAGE_MAX];
	struct channel_message m;
	int rc = channel_recv(one->readable.fd, buf, sizeof(buf), &m);

	if (rc == -EAGAIN)
		return false;
	if (rc <= 0) {
		orphan_leaves(one);
		return false;
	}
	if (m.type == CHANNEL_CONN && m.fd >= 0)
		supervisor_adopt(one->all->supervisor, m.fd, m.body, m.len);
	else
		fd_close(&m.fd);
	return true;
}

static void channel_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct orphan *one = container_of(w, struct orphan, readable);

	while (channel_turn(one))
		continue;
}

static void pipe_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct orphan *one = container_of(w, struct orphan, readable);
	char data[16 * 1024];
	ssize_t n = read(w->fd, data, sizeof(data));

	if (n > 0)
		output_feed(one->all->output, &one->source, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		orphan_close(one);
}

static void limit_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct orphans *o = container_of(w, struct orphans, limit);

	for (size_t i = 0; i < o->channels; i++) {
		if (o->v[i].readable.fd >= 0)
			orphan_leaves(&o->v[i]);
	}
}

/* The slots of what they write are numbered through: which worker it was is not known. */
static void add(struct orphans *o, const struct handoff_fds *fds,
		void (*callback)(struct ev_loop *loop, ev_io *w, int revents))
{
	for (size_t i = 0; i < fds->count; i++) {
		struct orphan *one = &o->v[o->count++];

		one->all = o;
		output_source_init(&one->source, 0, (uint32_t)i, LOG_STDERR);
		ev_io_init(&one->readable, callback, fds->fd[i], EV_READ);
		if (fd_set_cloexec(fds->fd[i], true) < 0 || fd_set_nonblock(fds->fd[i], true) < 0)
			orphan_close(one);
		else
			ev_io_start(o->loop, &one->readable);
	}
}

struct orphans *orphans_create(struct ev_loop *loop, struct supervisor *supervisor,
			       struct output *output, struct handoff_fds *channels,
			       struct handoff_fds *pipes)
{
	size_t n = channels->count + pipes->count;
	struct orphans *o = channels->count ? calloc(1, sizeof(*o) + n * sizeof(o->v[0])) : NULL;

	if (o) {
		o->loop = loop;
		o->supervisor = supervisor;
		o->output = output;
		ev_timer_init(&o->limit, limit_cb, 0., 0.);
		add(o, channels, channel_cb);
		o->channels = o->count;
		add(o, pipes, pipe_cb);
	}
	handoff_fds_finish(channels, !o);
	handoff_fds_finish(pipes, !o);
	return o;
}

void orphans_destroy(struct orphans *o)
{
	if (!o)
		return;
	ev_timer_stop(o->loop, &o->limit);
	for (size_t i = 0; i < o->count; i++) {
		orphan_close(&o->v[i]);
		output_source_finish(&o->v[i].source);
	}
	free(o);
}

void orphans_on_gone(struct orphans *o, void (*gone)(void *owner), void *owner)
{
	if (!o)
		return;
	o->gone = gone;
	o->owner = owner;
}

void orphans_drain(struct orphans *o, uint64_t drain_timeout_ms)
{
	if (!o || o->draining)
		return;
	o->draining = true;
	log_info("workers of before: draining");
	for (size_t i = 0; i < o->channels; i++) {
		if (o->v[i].readable.fd >= 0 &&
		    channel_send(o->v[i].readable.fd, CHANNEL_DRAIN, NULL, 0, -1) < 0)
			orphan_close(&o->v[i]);
	}
	ev_now_update(o->loop);
	ev_timer_set(&o->limit, (double)(drain_timeout_ms + SLACK_MS) / 1000, 0.);
	ev_timer_start(o->loop, &o->limit);
}
