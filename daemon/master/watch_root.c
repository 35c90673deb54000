/* The roots. */
#include "daemon/master/watch_root.h"

#include "common/fd.h"
#include "common/log.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_chain.h"
#include "daemon/master/watch_event.h"
#include "daemon/master/watch_network.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_poll.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct watch_root *find_id(struct watch *w, uint32_t id)
{
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].id == id)
			return &w->roots[i];
	return NULL;
}

int watch_root_add(struct watch *w, const char *path)
{
	struct watch_root *grown;
	char *copy;

	if (strv_contains(&w->root_list, path))
		return -EEXIST;
	grown = realloc(w->roots, (w->roots_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	w->roots = grown;
	copy = strdup(path);
	if (!copy || strv_add(&w->root_list, path)) {
		free(copy);
		return -ENOMEM;
	}
	w->roots[w->roots_count++] = (struct watch_root){
		.id = ++w->last_id, .path = copy, .node = WATCH_NONE, .stale = true};
	return 0;
}

/* Lets go of the root's directory, unless another root has it too, or it is part of another root's tree. */
static void detach(struct watch *w, struct watch_root *r)
{
	uint32_t node = r->node;

	r->node = WATCH_NONE;
	if (node == WATCH_NONE || watch_node(&w->tree, node)->parent != WATCH_NONE)
		return;
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].node == node)
			return;
	watch_drop(w, node);
}

int watch_root_remove(struct watch *w, const char *path)
{
	for (size_t i = 0; i < w->roots_count; i++) {
		struct watch_root *r = &w->roots[i];

		if (strcmp(r->path, path) != 0)
			continue;
		detach(w, r);
		watch_anchor_drop(w, r->id);
		free(r->path);
		memmove(r, r + 1, (--w->roots_count - i) * sizeof(*r));
		strv_remove(&w->root_list, path);
		return 0;
	}
	return -ENOENT;
}

void watch_root_finish(struct watch *w)
{
	for (size_t i = 0; i < w->roots_count; i++)
		free(w->roots[i].path);
	free(w->roots);
	strv_finish(&w->root_list);
	w->roots = NULL;
	w->roots_count = 0;
}

void watch_root_suspect(struct watch *w, uint32_t root)
{
	struct watch_root *r = find_id(w, root);

	if (r)
		r->stale = true;
}

void watch_root_suspect_all(struct watch *w)
{
	for (size_t i = 0; i < w->roots_count; i++)
		w->roots[i].stale = true;
}

void watch_root_node_suspect(struct watch *w, uint32_t node)
{
	for (size_t i = 0; i < w->roots_count; i++)
		w->roots[i].stale |= w->roots[i].node == node;
}

void watch_root_node_dropped(struct watch *w, uint32_t node)
{
	for (size_t i = 0; i < w->roots_count; i++) {
		if (w->roots[i].node != node)
			continue;
		w->roots[i].node = WATCH_NONE;
		w->roots[i].stale = true;
	}
}

bool watch_root_is_any_stale(const struct watch *w)
{
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].stale)
			return true;
	return false;
}

void watch_root_file_event(struct watch *w, uint32_t root, const struct inotify_event *ev,
			   struct mono now)
{
	const struct watch_root *r = find_id(w, root);

	/* Of a link on the way to the file, or of a directory that takes its place, the look that follows tells. */
	if (r && r->kind != ROOT_DIR && !(ev->mask & IN_ISDIR))
		watch_event_file(w, r->path, ev->mask, now);
}

void watch_root_rules_changed(struct watch *w, uint32_t root)
{
	struct watch_root *r = find_id(w, root);

	if (!r)
		return;
	r->stale = true; /* which reads them */
	if (r->kind == ROOT_DIR && r->node != WATCH_NONE)
		watch_queue_subtree(w, r->node, NODE_QUIET);
}

static void tell_missing(struct watch_root *r, int err)
{
	if (!r->told)
		log_warn_errno(err, "watch \"%s\": waiting for it", r->path);
	r->told = true;
}

static void look_missing(struct watch *w, struct watch_root *r, int err, bool first,
			 struct mono now)
{
	if (r->kind == ROOT_FILE && !first)
		debounce_file(&w->debounce, r->path, DEBOUNCE_GONE, now);
	if (r->kind == ROOT_DIR && r->node != WATCH_NONE && !first)
		watch_report_loss(w, r->node, r->path, now);
	detach(w, r);
	r->kind = ROOT_MISSING;
	tell_missing(r, err);
}

/* Whether the file differs from what it was: by its inode, or if it has to be polled by everything. */
static bool file_differs(const struct watch_root *r, const struct watch_stamp *s)
{
	if (r->kind != ROOT_FILE)
		return true;
	if (r->unanchored)
		return !watch_stamp_equal(&r->stamp, s);
	return r->stamp.dev != s->dev || r->stamp.ino != s->ino;
}

static void look_file(struct watch *w, struct watch_root *r, const struct stat *st, bool first,
		      struct mono now)
{
	struct watch_stamp stamp = watch_stamp_of(st);

	detach(w, r);
	if (!first && file_differs(r, &stamp))
		debounce_file(&w->debounce, r->path, DEBOUNCE_SEEN, now);
	r->kind = ROOT_FILE;
	r->stamp = stamp;
	r->told = false;
}

static int add_watch(struct watch *w, const struct watch_root *r, int fd)
{
	return watch_kernel_count(&w->kernel,
				  watch_kernel_add(w->kernel.fd, fd, r->path, WATCH_MASK_TREE));
}

/* The node that has this inode already, in another root's tree, or a new one. */
static uint32_t node_for(struct watch *w, const struct watch_root *r, int fd, const struct stat *st)
{
	int wd = add_watch(w, r, fd);
	uint32_t id = wd >= 0 ? watch_tree_by_wd(&w->tree, wd) : WATCH_NONE;

	if (id != WATCH_NONE && !(watch_node(&w->tree, id)->flags & NODE_LIMBO))
		return id;
	if (id != WATCH_NONE) { /* it was moved here, and arrives as something new */
		watch_drop(w, id);
		wd = add_watch(w, r, fd);
	}
	id = watch_tree_add(&w->tree, WATCH_NONE, r->path, strlen(r->path));
	if (id == WATCH_NONE) {
		watch_release(w, wd);
		return WATCH_NONE;
	}
	watch_node(&w->tree, id)->ino = st->st_ino;
	watch_node(&w->tree, id)->dev = watch_dev(st->st_dev);
	if (wd >= 0 && watch_tree_set_wd(&w->tree, id, wd))
		watch_release(w, wd);
	return id;
}

static bool has_node_of(const struct watch *w, const struct watch_root *r, const struct stat *st)
{
	const struct watch_node *n;

	if (r->kind != ROOT_DIR || r->node == WATCH_NONE)
		return false;
	n = watch_node(&w->tree, r->node);
	return n->ino == st->st_ino && n->dev == watch_dev(st->st_dev) && !(n->flags & NODE_LIMBO);
}

static void look_dir(struct watch *w, struct watch_root *r, int fd, const struct stat *st,
		     bool first, struct mono now)
{
	r->told = false;
	if (has_node_of(w, r, st)) {
		watch_queue_node(w, r->node, first ? NODE_QUIET : 0);
		return;
	}
	detach(w, r);
	r->kind = ROOT_DIR;
	r->node = node_for(w, r, fd, st);
	if (r->node == WATCH_NONE) {
		watch_lost_events(w, now);
		return;
	}
	watch_queue_node(w, r->node, NODE_QUIET);
	if (!first)
		debounce_file(&w->debounce, r->path, DEBOUNCE_PLACED, now);
}

static void look_at(struct watch *w, struct watch_root *r, bool first, struct mono now)
{
	struct stat st;
	int fd = -1;

	watch_anchor_begin(w, r->id);
	r->unanchored = watch_chain_anchor(w, r) != 0;
	if (stat(r->path, &st) < 0) {
		look_missing(w, r, -errno, first, now);
	} else if (!S_ISDIR(st.st_mode)) {
		look_file(w, r, &st, first, now);
	} else {
		fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) < 0) {
			look_missing(w, r, -errno, first, now);
		} else {
			r->unanchored |= watch_network_is(w, fd, watch_dev(st.st_dev));
			r->unanchored |= watch_chain_rules(w, r, now) != 0;
			look_dir(w, r, fd, &st, first, now);
		}
		fd_close(&fd);
	}
	watch_anchor_end(w, r->id);
}

void watch_root_look(struct watch *w, bool first, struct mono now)
{
	for (size_t i = 0; i < w->roots_count; i++) {
		struct watch_root *r = &w->roots[i];

		if (!r->stale)
			continue;
		r->stale = false;
		look_at(w, r, first, now);
	}
}
