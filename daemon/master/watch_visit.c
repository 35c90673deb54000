/* What a listing means. */
#include "daemon/master/watch_visit.h"

#include "common/str.h"
#include "daemon/master/filter.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_list.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_network.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_open.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* One directory, listed, and what becomes of it. */
struct scan {
	struct watch *w;
	uint32_t id;
	struct watch_listing *l;
	unsigned how; /* NODE_CATCH_UP, NODE_QUIET */
	unsigned left_out;
	bool polled;
	struct mono now;
	struct watch_path path;
	struct watch_findings found;
};

/*
 * The inode of the node is watched as `other` already: it was moved here, and its MOVED_TO is still to come; or it is
 * mounted in two places. `other` takes the node's place and is listed in its turn.
 */
static void relink(struct scan *s, uint32_t other)
{
	struct watch *w = s->w;
	uint32_t parent = watch_node(&w->tree, s->id)->parent;
	char name[NAME_MAX + 1];

	if (parent == WATCH_NONE || watch_tree_is_within(&w->tree, parent, other) ||
	    str_copy(name, sizeof(name), watch_tree_name(&w->tree, s->id)) ||
	    watch_tree_move(&w->tree, other, WATCH_NONE, NULL)) {
		watch_drop(w, s->id); /* a directory mounted inside itself */
		return;
	}
	watch_move_forget(w, other);
	watch_drop(w, s->id);
	if (watch_tree_move(&w->tree, other, parent, name)) {
		watch_drop(w, other);
		watch_lost_events(w, s->now);
		return;
	}
	watch_queue_subtree(w, other, s->how);
}

/* Takes the watch that was added. Returns false when there is nothing to list under this node. */
static bool arm(struct scan *s)
{
	struct watch *w = s->w;
	int wd = watch_kernel_count(&w->kernel, s->l->wd);

	if (wd == -ENOENT || wd == -ENOTDIR) {
		watch_open_failed(w, s->id, -ESTALE);
		return false;
	}
	if (wd < 0) {
		watch_poll_node(w, s->id, w->kernel.fd < 0 ? 0 : NODE_REFUSED);
		return true;
	}

	uint32_t other = watch_tree_by_wd(&w->tree, wd);

	if (other != WATCH_NONE && other != s->id) {
		relink(s, other);
		return false;
	}
	/* The old directory is gone, and another one has its number: the kernel says so, or has said so. */
	if (watch_node(&w->tree, s->id)->wd >= 0 && other == WATCH_NONE)
		s->how = NODE_CATCH_UP;
	if (watch_tree_set_wd(&w->tree, s->id, wd)) {
		watch_kernel_remove(&w->kernel, wd);
		watch_poll_node(w, s->id, NODE_REFUSED);
	}
	return true;
}

static bool is_directory(struct scan *s, const struct dirent64 *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(s->l->fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Whether the child is still the directory that it was: by the listing, or, at a mount point, by itself. */
static bool is_same_child(struct scan *s, const struct watch_node *child, const struct dirent64 *d)
{
	struct stat st;

	if (child->ino == 0 || child->ino == d->d_ino)
		return true;
	return fstatat(s->l->fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       child->ino == st.st_ino && child->dev == watch_dev(st.st_dev);
}

static void add_child(struct scan *s, const struct dirent64 *d)
{
	struct watch *w = s->w;
	uint32_t id = watch_tree_add(&w->tree, s->id, d->d_name, strlen(d->d_name));

	if (id == WATCH_NONE) {
		watch_lost_events(w, s->now);
		return;
	}

	struct watch_node *n = watch_node(&w->tree, id);

	n->ino = d->d_ino;
	n->dev = watch_node(&w->tree, s->id)->dev;
	n->flags |= NODE_SEEN;
	watch_queue_node(w, id, s->how & NODE_QUIET ? NODE_QUIET : NODE_CATCH_UP);
}

static void visit_directory(struct scan *s, const struct dirent64 *d)
{
	struct watch *w = s->w;
	size_t len = s->path.len;
	uint32_t child = watch_tree_child(&w->tree, s->id, d->d_name, strlen(d->d_name));

	if (watch_path_push(&s->path, d->d_name))
		return;

	bool enters = filter_enters(w->filter, s->path.text, s->path.root_len, NULL);

	watch_path_cut(&s->path, len);
	if (!enters) {
		s->left_out++; /* a child that was entered before is not seen, and dropped below */
		return;
	}
	if (child != WATCH_NONE && !is_same_child(s, watch_node(&w->tree, child), d)) {
		watch_lose(w, child, s->now);
		child = WATCH_NONE;
	}
	if (child == WATCH_NONE)
		add_child(s, d);
	else
		watch_node(&w->tree, child)->flags |= NODE_SEEN;
}

static void visit_file(struct scan *s, const struct dirent64 *d)
{
	struct watch *w = s->w;
	size_t len = s->path.len;
	struct stat st;

	if (!filter_wants_name(w->filter, d->d_name))
		return;
	watch_node(&w->tree, s->id)->flags |= NODE_MATCH;
	if (!(s->how & NODE_CATCH_UP) && !s->polled)
		return;
	if (watch_path_push(&s->path, d->d_name))
		return;
	if (!filter_counts(w->filter, s->path.text, s->path.root_len, NULL))
		goto out;
	if (!s->polled) {
		debounce_file(&w->debounce, s->path.text, DEBOUNCE_PLACED, s->now);
	} else if (fstatat(s->l->fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		struct watch_stamp stamp = watch_stamp_of(&st);

		if (watch_findings_add(&s->found, d->d_name, &stamp))
			watch_lost_events(w, s->now);
	}
out:
	watch_path_cut(&s->path, len);
}

/* Files that change what the others mean. Returns false when the directory is not to be entered at all. */
static bool heed_special_files(struct scan *s)
{
	struct watch *w = s->w;
	struct dirent64 *d;
	bool rules = false, known = filter_has_rules(w->filter, s->path.text, FILTER_GITIGNORE);

	for (size_t at = 0; (d = watch_list_next(s->l, &at));) {
		if (d->d_name[0] == '.' && strcmp(d->d_name, ".gitignore") == 0)
			rules = true;
		else if (d->d_name[0] == '.' && strcmp(d->d_name, ".git") == 0)
			watch_git_add(w, s->path.text, s->id, s->now);
		else if (d->d_name[0] == 'p' && strcmp(d->d_name, "pyvenv.cfg") == 0 &&
			 watch_node(&w->tree, s->id)->parent != WATCH_NONE)
			return false;
	}
	if (rules && (!known || w->reload_rules))
		watch_scan_load_rules(w, s->path.text);
	else if (!rules && known)
		filter_drop_rules(w->filter, s->path.text, FILTER_GITIGNORE);
	return true;
}

/* Children that the listing has not shown are gone, or are left out now. */
static void sweep_children(struct scan *s)
{
	struct watch *w = s->w;
	uint32_t next;

	for (uint32_t id = watch_node(&w->tree, s->id)->child; id != WATCH_NONE; id = next) {
		next = watch_node(&w->tree, id)->next;
		if (watch_node(&w->tree, id)->flags & NODE_SEEN)
			watch_node(&w->tree, id)->flags &= (uint16_t)~NODE_SEEN;
		else if (s->how & NODE_QUIET)
			watch_drop(w, id);
		else
			watch_lose(w, id, s->now);
	}
}

/* Whether the node is polled for this listing, which may be its last one if a watch was found for it by now. */
static void decide_polling(struct scan *s)
{
	struct watch *w = s->w;

	if (watch_network_is(w, s->l->fd, watch_node(&w->tree, s->id)->dev))
		watch_poll_node(w, s->id, NODE_NETWORK);
	s->polled = watch_node(&w->tree, s->id)->flags & NODE_POLLED;
}

static void finish_polling(struct scan *s)
{
	struct watch *w = s->w;
	const struct watch_node *n = watch_node(&w->tree, s->id);

	if (!s->polled)
		return;
	if (s->how & NODE_CATCH_UP) /* it has another path now, or a new one */
		watch_poll_forget(w, s->id);
	watch_poll_compare(w, s->id, &s->path, &s->found, s->how & NODE_CATCH_UP, s->now);
	if (n->wd >= 0 && !(n->flags & NODE_NETWORK))
		watch_unpoll_node(w, s->id);
}

static void list(struct scan *s)
{
	struct watch *w = s->w;
	struct dirent64 *d;

	watch_list_complete(s->l);
	if (s->l->err) {
		watch_open_failed(w, s->id, s->l->err == -ENOENT ? -ESTALE : -EMFILE);
		return;
	}
	if (!heed_special_files(s)) {
		watch_scan_leave_out(w, s->id);
		return;
	}
	watch_node(&w->tree, s->id)->flags |= NODE_LISTED;
	for (size_t at = 0; (d = watch_list_next(s->l, &at));) {
		if (is_directory(s, d))
			visit_directory(s, d);
		else
			visit_file(s, d);
	}
	sweep_children(s);
	watch_tree_set_left_out(&w->tree, s->id, s->left_out);
	finish_polling(s);
}

/* Nobody wants to know any more: what was watched for it is given back. */
static void discard(struct watch *w, struct watch_listing *l)
{
	if (l->fd < 0)
		return;
	if (l->wd >= 0)
		watch_release(w, watch_kernel_count(&w->kernel, l->wd));
	watch_list_close(l);
}

void watch_visit(struct watch *w, struct watch_listing *l, struct mono now)
{
	struct scan s = {.w = w, .id = l->id, .l = l, .how = l->how, .now = now};

	if (l->id == WATCH_NONE || watch_tree_path(&w->tree, l->id, &s.path)) {
		discard(w, l);
		return;
	}
	if (l->fd == -ESTALE && watch_open_is_guess(w, l->id)) {
		int fd = watch_open_in_parent(w, l->id);

		l->fd = fd;
		if (fd >= 0)
			watch_list_run_fd(l, fd, w->kernel.fd, LIST_BY_PROC);
	}
	if (l->fd < 0) {
		watch_open_failed(w, l->id, l->fd);
		return;
	}
	if (arm(&s)) {
		decide_polling(&s);
		list(&s);
	}
	watch_findings_finish(&s.found);
	watch_list_close(l);
}
