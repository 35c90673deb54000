/*
 * The life of a daemon in the background: it writes to daemon.log in the instance's folder, and tells the
 * process that the caller started what it says and how its first generation comes out (detach.h).
 *
 * daemon.log never grows beyond BACKGROUND_LOG_MAX; what was written before is in daemon.log.1. All of it crosses execve.
 */
#ifndef DAEMON_MASTER_BACKGROUND_H
#define DAEMON_MASTER_BACKGROUND_H

#include "common/attr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define BACKGROUND_LOG_MAX (4 * 1024 * 1024) /* bytes; twice that are kept */

struct background;
struct handoff_fds;

/* Takes `report`. NULL when memory runs out. In the other functions NULL is a daemon in the foreground. */
struct background *background_create(int report);
/* Without a verdict before, whoever waits takes it for a failure. */
void background_destroy(struct background *b);

/* Makes standard output and error daemon.log in `dir`. Returns 0 or -errno. */
int background_open_log(struct background *b, const char *dir) BB_NODISCARD;
/* Opens it anew, for whoever has renamed or removed it. Returns 0 or -errno. */
int background_reopen_log(struct background *b) BB_NODISCARD;
/* NULL: there is none, the daemon is in the foreground. */
const char *background_log_path(const struct background *b);

/* Bytes were written to standard output or error: shown to whoever waits, too, and the log is kept short. */
void background_written(struct background *b, const char *data, size_t len);
/* Whether somebody waits for the first verdict. */
bool background_is_awaited(const struct background *b);
/* The first generation serves: whoever waits is let go. Later calls do nothing. */
void background_serving(struct background *b);

/* Across execve(2); not for a daemon in the foreground. NULL when memory runs out. */
json_t *background_save(const struct background *b, struct handoff_fds *fds);
/* `state` is NULL for a daemon in the foreground: *b stays as it is. Returns 0 or -ENOMEM. */
int background_restore(struct background **b, const json_t *state,
		       struct handoff_fds *fds) BB_NODISCARD;

#endif
