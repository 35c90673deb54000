/* Anchors: watches beside the trees. */
#include "daemon/master/watch_anchor.h"

#include "daemon/master/watch_git.h"
#include "daemon/master/watch_root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct watch_anchor *find(struct watch *w, int wd, enum watch_anchor_kind kind,
				 uint32_t owner, const char *name)
{
	for (size_t i = 0; i < w->anchors_count; i++) {
		struct watch_anchor *a = &w->anchors[i];

		if (a->wd == wd && a->kind == kind && a->owner == owner &&
		    (name ? a->name && strcmp(a->name, name) == 0 : !a->name))
			return a;
	}
	return NULL;
}

int watch_anchor_append(struct watch *w, int wd, enum watch_anchor_kind kind, uint32_t owner,
			const char *name)
{
	size_t n = w->anchors_count + 1;
	struct watch_anchor *grown = realloc(w->anchors, n * sizeof(*grown));
	char *copy = name ? strdup(name) : NULL;

	if (grown)
		w->anchors = grown;
	if (!grown || (name && !copy)) {
		free(copy);
		return -ENOMEM;
	}
	w->anchors[w->anchors_count++] =
		(struct watch_anchor){.wd = wd, .kind = kind, .owner = owner, .name = copy};
	return 0;
}

int watch_anchor_add(struct watch *w, const char *dir, uint32_t mask, enum watch_anchor_kind kind,
		     uint32_t owner, const char *name)
{
	int wd = watch_kernel_count(&w->kernel, watch_kernel_add_raw(w->kernel.fd, dir, mask));

	if (wd < 0)
		return wd;

	struct watch_anchor *a = find(w, wd, kind, owner, name);
	int err = a ? 0 : watch_anchor_append(w, wd, kind, owner, name);

	if (a)
		a->old = false;
	if (err)
		watch_release(w, wd);
	return err;
}

static void remove_at(struct watch *w, size_t i)
{
	int wd = w->anchors[i].wd;

	free(w->anchors[i].name);
	w->anchors[i] = w->anchors[--w->anchors_count];
	watch_release(w, wd);
}

void watch_anchor_begin(struct watch *w, uint32_t owner)
{
	for (size_t i = 0; i < w->anchors_count; i++)
		if (w->anchors[i].owner == owner)
			w->anchors[i].old = true;
}

void watch_anchor_end(struct watch *w, uint32_t owner)
{
	for (size_t i = w->anchors_count; i-- > 0;)
		if (w->anchors[i].owner == owner && w->anchors[i].old)
			remove_at(w, i);
}

void watch_anchor_drop(struct watch *w, uint32_t owner)
{
	watch_anchor_begin(w, owner);
	watch_anchor_end(w, owner);
}

bool watch_anchor_uses(const struct watch *w, int wd)
{
	for (size_t i = 0; i < w->anchors_count; i++)
		if (w->anchors[i].wd == wd)
			return true;
	return false;
}

void watch_release(struct watch *w, int wd)
{
	if (wd >= 0 && !watch_anchor_uses(w, wd) && watch_tree_by_wd(&w->tree, wd) == WATCH_NONE)
		watch_kernel_remove(&w->kernel, wd);
}

static bool names(const struct watch_anchor *a, const struct inotify_event *ev)
{
	return a->name && ev->len > 0 && strcmp(a->name, ev->name) == 0;
}

/* Whether an anchor of this kind makes its owner look. */
static void tell_owner(struct watch *w, const struct watch_anchor *a,
		       const struct inotify_event *ev, struct mono now)
{
	bool self = ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT);

	switch (a->kind) {
	case ANCHOR_SELF:
	case ANCHOR_STEP:
		if (self || names(a, ev))
			watch_root_suspect(w, a->owner);
		break;
	case ANCHOR_FILE:
		if (self || names(a, ev))
			watch_root_suspect(w, a->owner);
		if (names(a, ev))
			watch_root_file_event(w, a->owner, ev, now);
		break;
	case ANCHOR_LOCK:
		if (self)
			watch_git_gone(w, a->owner, now);
		else if (names(a, ev))
			watch_git_event(w, a->owner, ev, now);
		break;
	case ANCHOR_RULES:
		if (self || names(a, ev))
			watch_root_rules_changed(w, a->owner);
		break;
	}
}

/* The kernel has dropped the watch: so do we, without giving it back. */
static void forget(struct watch *w, int wd)
{
	bool known = false;

	for (size_t i = w->anchors_count; i-- > 0;) {
		if (w->anchors[i].wd != wd)
			continue;
		known = true;
		free(w->anchors[i].name);
		w->anchors[i] = w->anchors[--w->anchors_count];
	}
	if (known && watch_tree_by_wd(&w->tree, wd) == WATCH_NONE)
		watch_kernel_gone(&w->kernel);
}

void watch_anchor_event(struct watch *w, const struct inotify_event *ev, struct mono now)
{
	for (size_t i = 0; i < w->anchors_count; i++)
		if (w->anchors[i].wd == ev->wd)
			tell_owner(w, &w->anchors[i], ev, now);
	if (ev->mask & IN_IGNORED)
		forget(w, ev->wd);
}
