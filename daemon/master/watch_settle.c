/* What follows from events, clock and listings, until the tree is right again. */
#include "daemon/master/watch_settle.h"

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "daemon/master/filter.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_root.h"
#include "daemon/master/watch_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSCTL	       "/proc/sys/fs/inotify/"
#define MAX_WATCHES    "max_user_watches"
#define MAX_INSTANCES  "max_user_instances"
#define ROUNDS_AT_ONCE 4 /* a listing may find a root gone, whose look queues a listing … */

static bool is_due(struct mono at, struct mono now)
{
	return mono_is_set(at) && !mono_before(now, at);
}

/* Events were lost: what we know may be wrong everywhere. One batch, and a longer pause before the next time. */
static void rescan(struct watch *w, struct mono now)
{
	bool calm = !mono_is_set(w->rescanned) ||
		    mono_before(mono_add_ms(w->rescanned, WATCH_BACKOFF_MOST_MS), now);

	w->backoff_ms = calm ? WATCH_BACKOFF_FIRST_MS : 2 * w->backoff_ms;
	if (w->backoff_ms > WATCH_BACKOFF_MOST_MS)
		w->backoff_ms = WATCH_BACKOFF_MOST_MS;
	w->rescan_at = (struct mono){0};
	w->rescanned = now;
	w->reload_rules = true;
	log_warn("watch: events were lost; scanning %" PRIu32 " directories again", w->tree.used);
	watch_move_drop_all(w);
	watch_queue_all(w, NODE_QUIET);
	watch_root_suspect_all(w);
	watch_git_look(w, now);
	debounce_overflow(&w->debounce, now);
}

static void look_and_list(struct watch *w, bool first, int64_t budget_ms, struct mono now)
{
	for (int i = 0; i < ROUNDS_AT_ONCE; i++) {
		if (watch_root_is_any_stale(w)) {
			w->roots_looked = now;
			watch_root_look(w, first, now);
		}
		watch_scan_run(w, budget_ms);
		if (!watch_root_is_any_stale(w))
			return;
	}
}

/* The value of a sysctl, for people. */
static void read_sysctl(const char *name, char *out, size_t size)
{
	char path[64], *text;
	size_t len;

	snprintf(out, size, "?");
	snprintf(path, sizeof(path), SYSCTL "%s", name);
	if (fd_read_file(path, 64, &text, &len))
		return;
	text[strcspn(text, "\n")] = '\0';
	snprintf(out, size, "%s", text);
	free(text);
}

/* Once until everything is watched again. */
static void tell_coverage(struct watch *w)
{
	char limit[32];

	if (w->refused == 0)
		w->told_refused = false;
	if (w->refused == 0 || w->told_refused)
		return;
	w->told_refused = true;
	read_sysctl(MAX_WATCHES, limit, sizeof(limit));
	log_warn("watching %" PRIu32 " directories, polling %" PRIu32 " (fs.inotify." MAX_WATCHES
		 "=%s is used up; raise it by sysctl)",
		 w->tree.used - w->refused, w->refused, limit);
}

void watch_settle(struct watch *w, int64_t budget_ms, struct mono now)
{
	if (is_due(w->rescan_at, now))
		rescan(w, now);
	if (is_due(w->poll_at, now))
		watch_poll_begin(w, now);
	if (watch_kernel_is_drained(&w->kernel))
		watch_move_expire(w, now);
	look_and_list(w, false, budget_ms, now);
	if (!watch_queue_is_empty(w))
		return;
	now = mono_now();
	watch_poll_end(w, now);
	watch_poll_schedule(w, now);
	tell_coverage(w);
}

void watch_settle_first(struct watch *w)
{
	struct mono now = mono_now();

	look_and_list(w, true, 0, now);
	now = mono_now();
	w->poll_cost_ns = now.ns - w->roots_looked.ns;
	watch_poll_schedule(w, now);
	tell_coverage(w);
}

void watch_settle_poll(struct watch *w)
{
	struct mono now = mono_now();

	if (w->polled == 0 && w->kernel.fd >= 0 && !mono_is_set(w->poll_at))
		return;
	watch_poll_begin(w, now);
	watch_settle(w, 0, now);
}

static void take_earlier(struct mono *a, struct mono b)
{
	if (mono_is_set(b) && (!mono_is_set(*a) || mono_before(b, *a)))
		*a = b;
}

struct mono watch_settle_deadline(const struct watch *w)
{
	struct mono at = watch_move_deadline(w);

	take_earlier(&at, w->rescan_at);
	take_earlier(&at, w->poll_at);
	if (watch_root_is_any_stale(w))
		take_earlier(&at, mono_add_ms(w->roots_looked, WATCH_ROOT_MS));
	if (!watch_queue_is_empty(w))
		take_earlier(&at, (struct mono){1});
	return at;
}

void watch_settle_tell(const struct watch *w)
{
	struct buf paths;
	char files[256], limit[32];

	buf_init(&paths, 4096);
	for (size_t i = 0; i < w->root_list.len; i++)
		if (buf_printf(&paths, "%s%s", i ? ", " : "", w->root_list.v[i]))
			break;
	log_info("watching %.*s for %s (%" PRIu32 " directories, %" PRIu64 " left out)",
		 (int)buf_len(&paths), buf_data(&paths) ? buf_data(&paths) : "",
		 filter_describe(w->filter, files, sizeof(files)), w->tree.used, w->tree.left_out);
	buf_finish(&paths);
	if (w->poll_ms > 0) {
		log_info("watch: polling every %" PRIu32 " ms", w->poll_ms);
	} else if (w->kernel.fd < 0) {
		read_sysctl(MAX_INSTANCES, limit, sizeof(limit));
		log_warn("watch: no inotify instance left, polling all of it "
			 "(fs.inotify." MAX_INSTANCES "=%s; raise it by sysctl)",
			 limit);
	}
}
