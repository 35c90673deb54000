/*
 * Directories that were moved away and have not turned up yet. inotify(7) promises no order and no second half, so a
 * node waits in limbo, its watches alive, until MOVED_TO brings the same cookie, a listing finds the same
 * inode, or the queue has been empty and 10 ms are over.
 */
#ifndef DAEMON_MASTER_WATCH_MOVE_H
#define DAEMON_MASTER_WATCH_MOVE_H

#include "common/attr.h"
#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/* MOVED_FROM: puts the node, which was at `path`, into limbo. */
void watch_move_begin(struct watch *w, uint32_t id, uint32_t cookie, const char *path,
		      struct mono now);
/* From the state: a node that is in limbo already. 0 or -ENOMEM. */
int watch_move_append(struct watch *w, uint32_t id, uint32_t cookie, const char *path,
		      struct mono at) BB_NODISCARD;
/*
 * Something was moved to where the node is: it is about to go (IN_IGNORED), or trades places (RENAME_EXCHANGE of rename(2)) and
 * a MOVED_FROM with the same path follows, which watch_move_adopt() gives to it. Returns whether there was one.
 */
void watch_move_displace(struct watch *w, uint32_t id, const char *path, struct mono now);
bool watch_move_adopt(struct watch *w, uint32_t cookie, const char *path);
/* MOVED_TO: the node that waits for this cookie, and waits no longer; or WATCH_NONE. */
uint32_t watch_move_take(struct watch *w, uint32_t cookie);
/* The node is dropped or was found. */
void watch_move_forget(struct watch *w, uint32_t id);

/* When the next one has waited long enough; zero: none waits. */
struct mono watch_move_deadline(const struct watch *w);
/* Those that have waited long enough were moved out: what they held is lost. The kernel's queue must be empty. */
void watch_move_expire(struct watch *w, struct mono now);
/* All of them, whatever they held: events were lost. */
void watch_move_drop_all(struct watch *w);

#endif
