/* Events of inotify(7) that concern nodes. */
#include "daemon/master/watch_event.h"

#include "daemon/master/filter.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_root.h"
#include "daemon/master/watch_scan.h"

#include <string.h>
#include <sys/stat.h>

#define CAME (IN_CREATE | IN_MOVED_TO)
#define LEFT (IN_DELETE | IN_MOVED_FROM)

/* One event of a node's, and where it happened. */
struct happening {
	uint32_t id;
	const struct inotify_event *ev;
	struct mono now;
	struct watch_path dir; /* of the node */
};

/* Links and symbolic links are whole at once and are never closed. */
static bool is_whole(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1);
}

void watch_event_file(struct watch *w, const char *path, uint32_t mask, struct mono now)
{
	enum debounce_edge edge = DEBOUNCE_CLOSED;

	if (mask & IN_MOVED_TO)
		edge = DEBOUNCE_PLACED;
	else if (mask & LEFT)
		edge = DEBOUNCE_GONE;
	else if (mask & IN_CREATE)
		edge = is_whole(path) ? DEBOUNCE_PLACED : DEBOUNCE_CREATED;
	debounce_file(&w->debounce, path, edge, now);
}

static uint32_t child_of(struct watch *w, const struct happening *h)
{
	return watch_tree_child(&w->tree, h->id, h->ev->name, strlen(h->ev->name));
}

/* Has a directory that came here armed, whoever it is. */
static void expect_child(struct watch *w, const struct happening *h)
{
	uint32_t id = child_of(w, h);

	if (id == WATCH_NONE)
		id = watch_tree_add(&w->tree, h->id, h->ev->name, strlen(h->ev->name));
	if (id == WATCH_NONE)
		watch_lost_events(w, h->now);
	else
		watch_queue_node(w, id, NODE_CATCH_UP);
}

/*
 * The same inode, by the cookie, unless we had the wrong one under its old name: listing it verifies that. Its own watches
 * are alive, and nothing in it was missed.
 */
static void moved_here(struct watch *w, const struct happening *h)
{
	uint32_t id = watch_move_take(w, h->ev->cookie), there = child_of(w, h);

	if (id == WATCH_NONE) {
		expect_child(w, h);
		return;
	}
	if (watch_tree_is_within(&w->tree, h->id, id)) {
		watch_lost_events(w, h->now); /* our picture is wrong: draw it again */
		watch_drop(w, id);
		return;
	}
	if (there != WATCH_NONE)
		watch_move_displace(w, there, h->dir.text, h->now);
	if (watch_tree_move(&w->tree, id, h->id, h->ev->name)) {
		watch_drop(w, id);
		expect_child(w, h);
		return;
	}
	watch_queue_subtree(w, id, NODE_CATCH_UP);
}

static void excluded_directory(struct watch *w, const struct happening *h)
{
	unsigned n = watch_node(&w->tree, h->id)->left_out;
	uint32_t old;

	if (h->ev->mask & CAME)
		watch_tree_set_left_out(&w->tree, h->id, n + 1);
	else if (n > 0)
		watch_tree_set_left_out(&w->tree, h->id, n - 1);
	if (!(h->ev->mask & IN_MOVED_TO))
		return;
	old = watch_move_take(w, h->ev->cookie);
	if (old == WATCH_NONE)
		return;
	watch_report_loss(w, old, h->dir.text,
			  h->now); /* with its new path: an old one it has no more */
	watch_drop(w, old);
}

static void directory_event(struct watch *w, struct happening *h)
{
	const struct inotify_event *ev = h->ev;
	size_t len = h->dir.len;
	uint32_t child = child_of(w, h);

	if (strcmp(ev->name, ".git") == 0 && (ev->mask & CAME))
		watch_git_add(w, h->dir.text, h->id, h->now);
	if (watch_path_push(&h->dir, ev->name))
		return;
	if (!filter_enters(w->filter, h->dir.text, h->dir.root_len, NULL)) {
		excluded_directory(w, h);
		return;
	}
	debounce_dir(&w->debounce, h->now);
	if (ev->mask & IN_CREATE)
		expect_child(w, h);
	else if (ev->mask & IN_MOVED_TO)
		moved_here(w, h);
	else if (child == WATCH_NONE)
		return;
	else if (ev->mask & IN_DELETE)
		watch_queue_node(w, h->id, 0); /* its own watch may say so much later, or never */
	else if (!watch_move_adopt(w, ev->cookie, h->dir.text))
		watch_move_begin(w, child, ev->cookie, h->dir.text, h->now);
	watch_path_cut(&h->dir, len);
}

/* Files that change what others mean. Returns true if nothing else is to be done. */
static bool special_file_event(struct watch *w, const struct happening *h)
{
	const char *name = h->ev->name;
	bool written = h->ev->mask & (IN_CLOSE_WRITE | IN_MOVED_TO);

	if (strcmp(name, ".gitignore") == 0 && !(h->ev->mask & IN_CREATE)) {
		watch_scan_load_rules(w, h->dir.text);
		watch_queue_subtree(w, h->id, NODE_QUIET);
	} else if (strcmp(name, ".git") == 0 && written) {
		watch_git_add(w, h->dir.text, h->id, h->now);
	} else if (strcmp(name, "pyvenv.cfg") == 0 && (h->ev->mask & CAME) &&
		   watch_node(&w->tree, h->id)->parent != WATCH_NONE) {
		watch_scan_leave_out(w, h->id);
		return true;
	}
	return false;
}

static void file_event(struct watch *w, struct happening *h)
{
	const struct inotify_event *ev = h->ev;
	size_t len = h->dir.len;

	if ((ev->name[0] == '.' || ev->name[0] == 'p') && special_file_event(w, h))
		return;
	if (!filter_wants_name(w->filter, ev->name) || watch_path_push(&h->dir, ev->name))
		return;
	if (filter_counts(w->filter, h->dir.text, h->dir.root_len, NULL)) {
		watch_node(&w->tree, h->id)->flags |= NODE_MATCH;
		watch_event_file(w, h->dir.text, ev->mask, h->now);
		if (watch_node(&w->tree, h->id)->flags & NODE_POLLED)
			watch_queue_node(w, h->id,
					 0); /* so that the next round does not find it again */
	}
	watch_path_cut(&h->dir, len);
}

/* The directory is gone. What was in it has told so, unless nobody listened. */
static void lose_polled(struct watch *w, uint32_t top, struct mono now)
{
	for (uint32_t id = top; id != WATCH_NONE; id = watch_tree_next(&w->tree, id, top)) {
		if (!(watch_node(&w->tree, id)->flags & NODE_POLLED))
			continue;
		watch_lose(w, top, now);
		return;
	}
	watch_drop(w, top);
}

/* The directory itself went or moved. */
static void self_event(struct watch *w, uint32_t id, const struct inotify_event *ev,
		       struct mono now)
{
	const struct watch_node *n = watch_node(&w->tree, id);
	uint32_t parent = n->parent;

	struct watch_path path;

	if (ev->mask & IN_IGNORED)
		watch_kernel_gone(&w->kernel);
	if ((ev->mask & IN_UNMOUNT) && watch_tree_path(&w->tree, id, &path) == 0)
		watch_report_loss(w, id, path.text, now);
	if (parent == WATCH_NONE) {
		if (!(n->flags & NODE_LIMBO))
			watch_root_node_suspect(w, id);
	} else if ((ev->mask & IN_IGNORED) || watch_node(&w->tree, parent)->wd < 0) {
		watch_queue_node(w, parent, 0);
	}
	if (!(ev->mask & IN_IGNORED))
		return;
	watch_tree_clear_wd(&w->tree, id); /* there is no watch to give back */
	lose_polled(w, id, now);
}

static void node_event(struct watch *w, uint32_t id, const struct inotify_event *ev,
		       struct mono now)
{
	struct happening h = {.id = id, .ev = ev, .now = now};

	if (ev->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) {
		self_event(w, id, ev, now);
		return;
	}
	/* In limbo there are no paths; if it comes back, all of it is listed. */
	if (ev->len == 0 || watch_tree_path(&w->tree, id, &h.dir))
		return;
	if (ev->mask & IN_ISDIR)
		directory_event(w, &h);
	else
		file_event(w, &h);
}

static void handle_one(struct watch *w, const struct inotify_event *ev, struct mono now)
{
	uint32_t id;

	w->kernel.events++;
	if (ev->mask & IN_Q_OVERFLOW) {
		watch_lost_events(w, now);
		return;
	}
	watch_anchor_event(w, ev, now);
	id = watch_tree_by_wd(&w->tree, ev->wd);
	if (id != WATCH_NONE)
		node_event(w, id, ev, now);
}

void watch_event_handle(struct watch *w, const char *data, size_t len, struct mono now)
{
	while (len >= sizeof(struct inotify_event)) {
		const struct inotify_event *ev = (const void *)data;
		size_t size = sizeof(*ev) + ev->len;

		handle_one(w, ev, now);
		data += size;
		len -= size;
	}
}
