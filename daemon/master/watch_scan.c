/* Scanning: which nodes are listed, by whom, and for how long. */
#include "daemon/master/watch_scan.h"

#include "common/fd.h"
#include "common/path.h"
#include "daemon/master/filter.h"
#include "daemon/master/gitignore.h"
#include "daemon/master/watch_crew.h"
#include "daemon/master/watch_list.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_open.h"
#include "daemon/master/watch_visit.h"

#include <stdlib.h>
#include <string.h>

#define LISTING_SIZE (64 * 1024)
#define CREW_FROM    64 /* nodes in the queue: it is a tree worth the threads */

void watch_scan_load_rules(struct watch *w, const char *dir)
{
	char path[PATH_MAX], *text;
	size_t len;
	int err = path_join(path, sizeof(path), dir, ".gitignore");

	err = err ? err : fd_read_file(path, GITIGNORE_SIZE_MAX, &text, &len);
	if (!err) {
		err = filter_set_rules(w->filter, dir, FILTER_GITIGNORE, text, len);
		free(text);
	}
	if (err)
		filter_drop_rules(w->filter, dir, FILTER_GITIGNORE);
}

void watch_scan_leave_out(struct watch *w, uint32_t id)
{
	uint32_t parent = watch_node(&w->tree, id)->parent;

	watch_drop(w, id);
	watch_tree_set_left_out(&w->tree, parent, watch_node(&w->tree, parent)->left_out + 1u);
}

/* What to list for a node. Returns false if it has no path. */
static bool ask(struct watch *w, uint32_t id, unsigned how, struct watch_listing *l)
{
	const struct watch_node *n = watch_node(&w->tree, id);
	struct watch_path path;
	int err = watch_tree_path(&w->tree, id, &path);

	if (err) {
		watch_open_failed(w, id, err);
		return false;
	}
	l->id = id;
	l->how = how;
	l->ino = n->ino;
	l->dev = n->dev;
	l->follow = n->parent == WATCH_NONE;
	memcpy(l->path, path.text, path.len + 2); /* "/" has length 0 */
	return true;
}

/* One node, by ourselves. */
static void scan_node(struct watch *w, uint32_t id, unsigned how, struct mono now)
{
	if (!ask(w, id, how, w->listing))
		return;
	watch_list_run(w->listing, w->kernel.fd, LIST_BY_PROC);
	watch_visit(w, w->listing, now);
}

/* All of them, by threads: they list while we take in what they have listed. */
static void scan_by_crew(struct watch *w)
{
	struct watch_listing *l = NULL;
	struct mono now = mono_now();
	unsigned how;

	for (;;) {
		uint32_t id = WATCH_NONE;

		while ((l = watch_crew_hire(w->crew))) {
			id = watch_queue_take(w, &how);
			if (id != WATCH_NONE && ask(w, id, how, l))
				watch_crew_start(w->crew, l);
			else
				watch_crew_release(w->crew, l);
			if (id == WATCH_NONE)
				break;
		}
		l = watch_crew_wait(w->crew);
		if (!l)
			return;
		watch_visit(w, l, now);
		watch_crew_release(w->crew, l);
	}
}

static bool is_worth_a_crew(const struct watch *w)
{
	return w->queue_tail - w->queue_head >= CREW_FROM && w->kernel.fd >= 0 &&
	       w->kernel.limit == 0;
}

static bool make_listing(struct watch *w)
{
	if (w->listing)
		return true;
	w->listing = calloc(1, sizeof(*w->listing));
	if (w->listing && watch_listing_init(w->listing, LISTING_SIZE) == 0)
		return true;
	watch_scan_finish(w);
	return false; /* the next time there may be memory */
}

void watch_scan_finish(struct watch *w)
{
	if (w->listing)
		watch_listing_finish(w->listing);
	free(w->listing);
	w->listing = NULL;
}

void watch_scan_run(struct watch *w, int64_t budget_ms)
{
	struct mono now = mono_now(), stop = mono_add_ms(now, budget_ms);
	unsigned how, n = 0;

	if (watch_queue_is_empty(w) || !make_listing(w))
		return;
	for (uint32_t id; (id = watch_queue_take(w, &how)) != WATCH_NONE;) {
		scan_node(w, id, how, now);
		if (budget_ms == 0 && is_worth_a_crew(w) &&
		    watch_crew_create(&w->crew, w->kernel.fd) == 0) {
			scan_by_crew(w);
			watch_crew_destroy(w->crew);
			w->crew = NULL;
		}
		if (++n % 16 != 0)
			continue;
		now = mono_now();
		if (budget_ms > 0 && !mono_before(now, stop))
			return;
	}
	w->reload_rules = false;
	if (w->listing->size > 2 * LISTING_SIZE)
		watch_scan_finish(w);
}
