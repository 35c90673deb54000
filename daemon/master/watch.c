/* The watcher without its loop: creation, reading, ticking. */
#include "daemon/master/watch.h"

#include "common/log.h"
#include "daemon/master/filter.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_core.h"
#include "daemon/master/watch_event.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_look.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_root.h"
#include "daemon/master/watch_scan.h"
#include "daemon/master/watch_settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SYNC_MS 1000 /* longest stretch of reading in a sync, should somebody never stop writing */

int watch_alloc(struct watch **out, const struct watch_config *c)
{
	struct watch *w = malloc(sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	memset(w, 0,
	       offsetof(struct watch, events)); /* the rest is not touched before it is used */
	w->kernel.fd = -1;
	w->poll_ms = c->poll_ms;
	watch_tree_init(&w->tree);
	debounce_init(&w->debounce, c->delay_ms);
	err = filter_create(&w->filter, c->include, c->exclude, c->own);
	if (err) {
		free(w);
		return err;
	}
	*out = w;
	return 0;
}

int watch_create(struct watch **out, const struct watch_config *c,
		 const struct watch_limits *limits)
{
	struct watch *w;
	int err = watch_alloc(&w, c);

	if (err)
		return err;
	if (c->poll_ms == 0 && watch_kernel_open(&w->kernel, limits))
		w->kernel.fd = -1; /* everything is polled, which the line at start tells */
	for (size_t i = 0; i < c->roots->len; i++) {
		err = watch_root_add(w, c->roots->v[i]);
		if (err && err != -EEXIST) {
			watch_destroy(w);
			return err;
		}
	}
	watch_settle_first(w);
	watch_settle_tell(w);
	*out = w;
	return 0;
}

static void free_anchors(struct watch *w)
{
	for (size_t i = 0; i < w->anchors_count; i++)
		free(w->anchors[i].name);
	free(w->anchors);
}

void watch_destroy(struct watch *w)
{
	if (!w)
		return;
	/* The kernel drops all watches together with the descriptor, one by one would be slow. */
	watch_kernel_close(&w->kernel);
	for (size_t i = 0; i < w->moves_count; i++)
		free(w->moves[i].path);
	free(w->moves);
	free_anchors(w);
	watch_git_finish(w);
	watch_root_finish(w);
	watch_poll_finish(w);
	watch_tree_finish(&w->tree);
	debounce_finish(&w->debounce);
	filter_destroy(w->filter);
	free(w->queue);
	watch_scan_finish(w);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->kernel.fd;
}

/* Until nothing is queued, or for about budget_ms. */
static void read_events(struct watch *w, int64_t budget_ms)
{
	struct mono now = mono_now(), stop = mono_add_ms(now, budget_ms);

	while (mono_before(now, stop)) {
		int n = watch_kernel_read(&w->kernel, w->events, sizeof(w->events));

		if (n < 0) {
			log_error_errno(n, "watch: reading events");
			watch_lost_events(w, now);
		}
		if (n <= 0)
			return;
		watch_event_handle(w, w->events, (size_t)n, now);
		now = mono_now();
	}
}

void watch_read(struct watch *w)
{
	read_events(w, WATCH_READ_MS);
	watch_settle(w, WATCH_SCAN_MS, mono_now());
}

struct mono watch_deadline(const struct watch *w)
{
	struct mono at = watch_settle_deadline(w), close = {0};

	if (!w->paused && watch_queue_is_empty(w))
		close = debounce_deadline(&w->debounce);
	if (!mono_is_set(at) || (mono_is_set(close) && mono_before(close, at)))
		return close;
	return at;
}

bool watch_tick(struct watch *w, struct debounce_batch *b)
{
	struct mono now, close;

	watch_read(w); /* first: what is queued may keep the window open */
	now = mono_now();
	close = debounce_deadline(&w->debounce);
	if (w->paused || !mono_is_set(close) || mono_before(now, close) || !watch_queue_is_empty(w))
		return false;
	return debounce_take(&w->debounce, now, false, watch_look, w, b);
}

bool watch_sync(struct watch *w, struct debounce_batch *b)
{
	struct mono now;

	read_events(w, SYNC_MS);
	now = mono_now();
	if (mono_is_set(w->rescan_at))
		w->rescan_at = now; /* whoever asks has the back-off waived */
	watch_move_expire(w, mono_add_ms(now, WATCH_MOVE_MS));
	watch_settle(w, 0, now);
	watch_settle_poll(w);
	if (w->paused)
		return false;
	return debounce_take(&w->debounce, mono_now(), true, watch_look, w, b);
}

int watch_add_root(struct watch *w, const char *path)
{
	int err;

	watch_read(w); /* what is a change already stays one */
	err = watch_root_add(w, path);
	if (!err)
		watch_settle_first(w);
	return err;
}

int watch_remove_root(struct watch *w, const char *path)
{
	int err;

	watch_read(w);
	err = watch_root_remove(w, path);
	if (!err) /* another one may have lost what lay in it */
		watch_settle_first(w);
	return err;
}

const struct strv *watch_roots(const struct watch *w)
{
	return &w->root_list;
}

void watch_set_paused(struct watch *w, bool paused)
{
	w->paused = paused;
}

void watch_set_baseline(struct watch *w, struct wall generation_started)
{
	watch_look_set_baseline(w, generation_started);
}

struct watch_stats watch_stats(const struct watch *w)
{
	uint32_t only_polled = w->kernel.fd < 0 ? w->tree.used : w->refused;

	return (struct watch_stats){
		.backend = w->kernel.fd < 0 ? WATCH_POLL
			   : w->polled > 0  ? WATCH_MIXED
					    : WATCH_INOTIFY,
		.directories = w->tree.used,
		.polled = only_polled > w->polled ? only_polled : w->polled,
		.left_out = w->tree.left_out,
		.events = w->kernel.events,
		.overflows = w->overflows,
		.paused = w->paused,
	};
}

void watch_memory(const struct watch *w, size_t *used, size_t *allocated)
{
	watch_tree_memory(&w->tree, used, allocated);
}
