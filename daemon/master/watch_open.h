/*
 * Opening a node's directory and making sure that it is the node's: a path that was computed may by now lead to another
 * directory, or to none.
 */
#ifndef DAEMON_MASTER_WATCH_OPEN_H
#define DAEMON_MASTER_WATCH_OPEN_H

#include "common/attr.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the node's identity is only what its parent's listing said, or not known at all: that of a mount point is another one.
 * Then the parent has to vouch for it.
 */
bool watch_open_is_guess(const struct watch *w, uint32_t id);
/* By way of the parent, which is verified: what has this name there now is the node's directory. Or -errno. */
int watch_open_in_parent(struct watch *w, uint32_t id) BB_NODISCARD;

/*
 * Returns a descriptor of the node's directory, and its path in *path; or -errno, with -ESTALE for a directory that is not
 * the node's.
 */
int watch_open_node(struct watch *w, uint32_t id, struct watch_path *path) BB_NODISCARD;

/* It could not be opened: drops the node, has its parent listed, its root looked at, or tries again later. */
void watch_open_failed(struct watch *w, uint32_t id, int err);

#endif
