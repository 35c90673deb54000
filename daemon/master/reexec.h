/*
 * The system calls around execve(2): the state into a sealed memfd, descriptors kept open, signals
 * blocked on the way. Nothing is destroyed before; a failing exec returns and everything is as it was.
 */
#ifndef DAEMON_MASTER_REEXEC_H
#define DAEMON_MASTER_REEXEC_H

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/master/handoff.h"

#include <stddef.h>

/* The environment variable by which the new image finds its state. */
#define REEXEC_ENV "BLACKBULLD_STATE_FD"

/*
 * Replaces the process's image by the program at `path`. `keep` stays open across it. Returns only
 * on failure, with -errno. Every signal is blocked until the new image unblocks them, so that none takes its
 * default action in between.
 */
int reexec_run(const char *path, char *const argv[], const void *state, size_t len,
	       const struct handoff_fds *keep) BB_NODISCARD;

/* Whether this image was started by reexec_run(). */
bool reexec_resuming(void);
/*
 * Reads the state that the image before left, and takes the variable out of the environment.
 * Returns 0, -ENOENT: a first boot; other -errno: there should be one, but it cannot be read.
 */
int reexec_take_state(struct buf *state) BB_NODISCARD;

/* Whether the file at `path` is another one than this image was loaded from: replaced, or gone. */
bool reexec_is_new(const char *path);

/*
 * argv[0] as an absolute path, symbolic links left alone so that an upgrade that turns a link is followed.
 * A name without '/' is looked up in PATH as the shell did. Allocated; NULL: not found, errno says why.
 */
char *reexec_resolve(const char *argv0);

#endif
