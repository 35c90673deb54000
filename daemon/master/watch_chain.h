/*
 * The way to a root, component by component: its parent, and the directory of every symbolic link on the way, are anchored,
 * so that nothing can take the root's place unseen. Also the way up from it, to the repository that it is part of.
 */
#ifndef DAEMON_MASTER_WATCH_CHAIN_H
#define DAEMON_MASTER_WATCH_CHAIN_H

#include "daemon/master/watch_core.h"

#include <stdbool.h>

/*
 * Anchors the way to r->path. Directories are watched first and looked at then. Returns 0; -errno when there is no watch
 * left for some of them: the root is then to be polled.
 */
int watch_chain_anchor(struct watch *w, const struct watch_root *r);

/*
 * If the root is inside a repository: anchors and reads the .gitignore files between that and the root. Returns as
 * watch_chain_anchor().
 */
int watch_chain_rules(struct watch *w, const struct watch_root *r, struct mono now);

#endif
