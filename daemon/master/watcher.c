/* The watcher on its loop: one descriptor, one timer that runs only when something is pending. */
#include "daemon/master/watcher.h"

#include "daemon/master/watch.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

struct watcher {
	struct watch *watch;
	struct ev_loop *loop;
	ev_io readable;
	ev_timer timer;
	watch_changed_fn *changed;
	void *owner;
};

/* Sets the timer to when the watch wants to be called, or stops it. */
static void rearm(struct watcher *w)
{
	struct mono at = watch_deadline(w->watch);
	double after;

	ev_timer_stop(w->loop, &w->timer);
	if (!mono_is_set(at))
		return;
	ev_now_update(w->loop); /* the loop's idea of now may be old by what we just did */
	after = mono_diff_ms(at, mono_now()) / 1000;
	ev_timer_set(&w->timer, after > 0 ? after : 0, 0);
	ev_timer_start(w->loop, &w->timer);
}

/* The caller may save us, pause us, or replace the whole image from within: nothing of ours is half done by now. */
static void report(struct watcher *w, struct debounce_batch *b)
{
	struct watch_batch batch = {
		.paths = &b->paths,
		.overflow = b->overflow,
		.first = b->first,
		.last = b->last,
		.seq = b->seq,
		.events = b->edges,
	};

	w->changed(w->owner, &batch);
	strv_finish(&b->paths);
}

static void tick(struct watcher *w)
{
	struct debounce_batch b;
	bool changed = watch_tick(w->watch, &b);

	rearm(w);
	if (changed)
		report(w, &b);
}

static void readable_cb(struct ev_loop *loop BB_UNUSED, ev_io *io, int revents BB_UNUSED)
{
	struct watcher *w = container_of(io, struct watcher, readable);

	watch_read(w->watch);
	rearm(w);
}

static void timer_cb(struct ev_loop *loop BB_UNUSED, ev_timer *timer, int revents BB_UNUSED)
{
	tick(container_of(timer, struct watcher, timer));
}

/* Takes the watch over. */
static int wrap(struct watcher **out, struct watch *watch, struct ev_loop *loop,
		watch_changed_fn *changed, void *owner)
{
	struct watcher *w = calloc(1, sizeof(*w));

	if (!w) {
		watch_destroy(watch);
		return -ENOMEM;
	}
	w->watch = watch;
	w->loop = loop;
	w->changed = changed;
	w->owner = owner;
	ev_init(&w->timer, timer_cb);
	ev_init(&w->readable, readable_cb);
	if (watch_fd(watch) >= 0) {
		ev_io_set(&w->readable, watch_fd(watch), EV_READ);
		ev_io_start(loop, &w->readable);
	}
	rearm(w);
	*out = w;
	return 0;
}

int watcher_create(struct watcher **w, struct ev_loop *loop, const struct watch_config *c,
		   watch_changed_fn *changed, void *owner)
{
	struct watch *watch;
	int err = watch_create(&watch, c, NULL);

	return err ? err : wrap(w, watch, loop, changed, owner);
}

void watcher_destroy(struct watcher *w)
{
	if (!w)
		return;
	ev_timer_stop(w->loop, &w->timer);
	ev_io_stop(w->loop, &w->readable);
	watch_destroy(w->watch);
	free(w);
}

int watcher_save(const struct watcher *w, struct buf *out, int *inotify_fd)
{
	return watch_save(w->watch, out, inotify_fd);
}

int watcher_restore(struct watcher **w, struct ev_loop *loop, const struct watch_config *c,
		    watch_changed_fn *changed, void *owner, int inotify_fd, const void *data,
		    size_t len)
{
	struct watch *watch;
	int err = watch_restore(&watch, c, inotify_fd, data, len);

	return err ? err : wrap(w, watch, loop, changed, owner);
}

void watcher_sync(struct watcher *w)
{
	struct debounce_batch b;
	bool changed = watch_sync(w->watch, &b);

	rearm(w);
	if (changed)
		report(w, &b);
}

int watcher_add_root(struct watcher *w, const char *path)
{
	int err = watch_add_root(w->watch, path);

	rearm(w);
	return err;
}

int watcher_remove_root(struct watcher *w, const char *path)
{
	int err = watch_remove_root(w->watch, path);

	rearm(w);
	return err;
}

const struct strv *watcher_roots(const struct watcher *w)
{
	return watch_roots(w->watch);
}

void watcher_pause(struct watcher *w)
{
	watch_set_paused(w->watch, true);
	rearm(w);
}

void watcher_resume(struct watcher *w)
{
	watch_set_paused(w->watch, false);
	watcher_sync(w);
}

void watcher_set_baseline(struct watcher *w, struct wall generation_started)
{
	watch_set_baseline(w->watch, generation_started);
}

struct watch_stats watcher_stats(const struct watcher *w)
{
	return watch_stats(w->watch);
}

void watcher_why(const struct watcher *w, const char *path, struct watch_why *out)
{
	watch_why(w->watch, path, out);
}

const char *watch_backend_name(enum watch_backend b)
{
	switch (b) {
	case WATCH_INOTIFY:
		return "inotify";
	case WATCH_POLL:
		return "poll";
	case WATCH_MIXED:
		return "mixed";
	}
	return "?";
}
