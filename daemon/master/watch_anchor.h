/*
 * Anchors: watches beside the trees. A root that some process has as its current directory dies without a word; only
 * its parent's watch, and those of every symbolic link on the way, tell that it went or that another one took its
 * place.
 */
#ifndef DAEMON_MASTER_WATCH_ANCHOR_H
#define DAEMON_MASTER_WATCH_ANCHOR_H

#include "common/attr.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Watches `dir` for what happens to `name` in it, on behalf of a root or a repository. One that is there already is
 * kept. Returns 0 or -errno.
 */
int watch_anchor_add(struct watch *w, const char *dir, uint32_t mask, enum watch_anchor_kind kind,
		     uint32_t owner, const char *name) BB_NODISCARD;
/* From the state: one whose watch is there already. 0 or -ENOMEM. */
int watch_anchor_append(struct watch *w, int wd, enum watch_anchor_kind kind, uint32_t owner,
			const char *name) BB_NODISCARD;
/* All anchors of an owner are made anew: begin, add, end. What was not added again is let go. */
void watch_anchor_begin(struct watch *w, uint32_t owner);
void watch_anchor_end(struct watch *w, uint32_t owner);
void watch_anchor_drop(struct watch *w, uint32_t owner);

/* Whether some anchor needs the watch. */
bool watch_anchor_uses(const struct watch *w, int wd);
/* Gives the watch back unless an anchor or a node needs it. */
void watch_release(struct watch *w, int wd);

/* An event of the descriptor's. Marks roots, locks and rules; their owners look later. */
void watch_anchor_event(struct watch *w, const struct inotify_event *ev, struct mono now);

#endif
