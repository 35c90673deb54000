/* The master and its watcher: which paths, and a batch of changes as a request for a generation. */
#ifndef DAEMON_MASTER_MASTER_WATCH_H
#define DAEMON_MASTER_MASTER_WATCH_H

#include "common/attr.h"

#include <stddef.h>

struct master;
struct strv;

/* Starts watching if the configuration says so. Returns 0 or -errno after a line for people. */
int master_watch_start(struct master *m) BB_NODISCARD;
/* The same with the state and the descriptor of the image before. */
int master_watch_resume(struct master *m, int inotify_fd, const void *state,
			size_t len) BB_NODISCARD;

/*
 * The watched paths of a new image: those of its configuration, with what `paths add` and `paths remove` made of the
 * configuration's paths before (`were`: now `watched`). Returns 0 or -ENOMEM.
 */
int master_watch_merge(struct master *m, const struct strv *were,
		       const struct strv *watched) BB_NODISCARD;

#endif
