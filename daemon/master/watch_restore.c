/* The hand-over: what one image of the master leaves, the next one checks and takes up. */
#include "common/fd.h"
#include "common/log.h"
#include "daemon/master/filter.h"
#include "daemon/master/watch.h"
#include "daemon/master/watch_core.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_open.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_root.h"
#include "daemon/master/watch_scan.h"
#include "daemon/master/watch_settle.h"
#include "daemon/master/watch_state.h"

#include <errno.h>

#define SAMPLES 4

int watch_save(const struct watch *w, struct buf *out, int *inotify_fd)
{
	int err = watch_state_encode(w, out);

	if (!err)
		*inotify_fd = w->kernel.fd;
	return err;
}

/*
 * Asks the kernel, which gives the same number for the same directory: a descriptor that watches something else gives another
 * one. Returns false for that; true if the directory is not what it was, since then there is nothing to compare.
 */
static bool is_confirmed(struct watch *w, uint32_t id, int inotify_fd)
{
	const struct watch_node *n = watch_node(&w->tree, id);
	struct watch_path path;
	int wd = n->wd, fd;

	if (wd < 0 || n->ino == 0)
		return true;
	fd = watch_open_node(w, id, &path);
	if (fd < 0)
		return true;
	wd = watch_kernel_add(inotify_fd, fd, path.text, WATCH_MASK_TREE);
	fd_close(&fd);
	return wd == n->wd;
}

/* A few directories are enough: the roots, and some out of the middle. Reading /proc/self/fdinfo would cost time for each watch. */
static bool is_ours(struct watch *w, int inotify_fd)
{
	uint32_t step = w->tree.size / SAMPLES + 1;

	if (!watch_kernel_is_inotify(inotify_fd))
		return false;
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].node != WATCH_NONE &&
		    !is_confirmed(w, w->roots[i].node, inotify_fd))
			return false;
	for (uint32_t id = step / 2; id < w->tree.size; id += step)
		if (!is_confirmed(w, id, inotify_fd))
			return false;
	return true;
}

/* Whether the state is about this descriptor, and about the way of watching that is asked for now. */
static bool fits(struct watch *w, const struct watch_state_head *head, const struct watch_config *c,
		 int inotify_fd)
{
	if (head->polling || inotify_fd < 0)
		return head->polling && inotify_fd < 0;
	return c->poll_ms == 0 && is_ours(w, inotify_fd) && fd_set_cloexec(inotify_fd, true) == 0;
}

static void load_rules(struct watch *w, const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->len; i++)
		watch_scan_load_rules(w, dirs->v[i]);
	for (size_t i = 0; i < w->repos_count; i++)
		watch_git_load_rules(w, &w->repos[i]);
}

/* Roots that are no longer asked for go, new ones are armed. Returns 0 or -ENOMEM. */
static int adjust_roots(struct watch *w, const struct strv *roots, bool *adjusted)
{
	for (size_t i = w->root_list.len; i-- > 0;) {
		const char *path = w->root_list.v[i];

		if (strv_contains(roots, path))
			continue;
		*adjusted = true;
		if (watch_remove_root(w, path))
			return -ENOMEM;
	}
	for (size_t i = 0; i < roots->len; i++) {
		if (strv_contains(&w->root_list, roots->v[i]))
			continue;
		*adjusted = true;
		if (watch_add_root(w, roots->v[i]))
			return -ENOMEM;
	}
	return 0;
}

/* The tree is as it was left; only what is asked for may be different. */
static int take_up(struct watch *w, const struct watch_config *c,
		   const struct watch_state_head *head, const struct strv *rules)
{
	bool adjusted = false;
	int err;

	load_rules(w, rules);
	/* It was polled for want of a descriptor: perhaps there is one now. */
	if (w->kernel.fd < 0 && c->poll_ms == 0 && watch_kernel_open(&w->kernel, NULL) == 0) {
		watch_root_suspect_all(w);
		watch_queue_all(w, 0);
	}
	if (head->fingerprint != filter_fingerprint(w->filter)) {
		watch_queue_all(w, NODE_QUIET);
		watch_settle(w, 0, mono_now());
		adjusted = true;
	}
	err = adjust_roots(w, c->roots, &adjusted);
	watch_poll_schedule(w, mono_now());
	if (mono_is_set(w->poll_at)) /* else frequent reloads would put it off for ever */
		w->poll_at = mono_now();
	if (!err && adjusted)
		watch_settle_tell(w);
	return err;
}

/* Everything anew, and one batch, since nobody knows what happened meanwhile. */
static int begin_anew(struct watch **out, const struct watch_config *c)
{
	int err = watch_create(out, c, NULL);

	if (!err)
		debounce_overflow(&(*out)->debounce, mono_now());
	return err;
}

int watch_restore(struct watch **out, const struct watch_config *c, int inotify_fd,
		  const void *data, size_t len)
{
	struct watch_state_head head = {0};
	struct strv rules = {0};
	struct watch *w;
	int err = watch_alloc(&w, c);

	if (err)
		goto close_fd;
	err = watch_state_decode(w, data, len, &head, &rules);
	if (!err && !fits(w, &head, c, inotify_fd))
		err = -ESTALE;
	if (!err) {
		w->kernel.fd = inotify_fd;
		inotify_fd = -1; /* the watch's now */
		err = take_up(w, c, &head, &rules);
	}
	strv_finish(&rules);
	if (!err) {
		*out = w;
		return 0;
	}
	watch_destroy(w);
	if (err == -ENOMEM)
		goto close_fd;
	log_warn_errno(err, "watch: the state left by the image before is of no use; "
			    "scanning everything again");
	err = begin_anew(out, c);
close_fd:
	fd_close(&inotify_fd);
	return err;
}
