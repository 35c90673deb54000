/*
 * The roots: directories or single files, which may be missing, go and come back, or be reached by symbolic links that
 * turn to another place. Each is looked at when something on its path says so.
 */
#ifndef DAEMON_MASTER_WATCH_ROOT_H
#define DAEMON_MASTER_WATCH_ROOT_H

#include "common/attr.h"
#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends a root, which is to be looked at then. Returns 0, -EEXIST, -ENOMEM. */
int watch_root_add(struct watch *w, const char *path) BB_NODISCARD;
/* Returns 0 or -ENOENT. */
int watch_root_remove(struct watch *w, const char *path) BB_NODISCARD;
void watch_root_finish(struct watch *w);

/*
 * Looks at every stale root: arms what appeared, drops what is gone, and counts either as a change. With `first`
 * nothing is a change yet.
 */
void watch_root_look(struct watch *w, bool first, struct mono now);
bool watch_root_is_any_stale(const struct watch *w);

/* What makes a root stale. */
void watch_root_suspect(struct watch *w, uint32_t root);
void watch_root_suspect_all(struct watch *w);
void watch_root_node_suspect(struct watch *w, uint32_t node);
/* The node is no more, so no root may have it. */
void watch_root_node_dropped(struct watch *w, uint32_t node);

/* An event that names a root which is a file. */
void watch_root_file_event(struct watch *w, uint32_t root, const struct inotify_event *ev,
			   struct mono now);
/* A .gitignore above the root was changed. */
void watch_root_rules_changed(struct watch *w, uint32_t root);

#endif
