/*
 * Going to the background (--detach): two processes and a pipe between them. The one that the caller started shows
 * what the daemon says until it serves, and ends with the verdict; the other one becomes the daemon.
 *
 *   caller's process ──fork──► daemon: a session of its own, 0 from /dev/null, 1 and 2 into the pipe
 *      shows what comes ◄──pipe── text; a NUL byte: the first generation serves; end of file: it failed
 */
#ifndef DAEMON_MASTER_DETACH_H
#define DAEMON_MASTER_DETACH_H

#include "common/attr.h"

#include <sys/types.h>

/* What the daemon writes into the pipe when it serves. */
#define DETACH_SERVING '\0'

/*
 * Forks, before anything is made. Returns 0 in the daemon, with its end of the pipe in *report; its pid in the caller's
 * process, with the other end; -errno: there is no daemon.
 */
pid_t detach_fork(int *report) BB_NODISCARD;

/*
 * The rest of the caller's process: shows on stderr what the daemon says. SIGINT, SIGTERM and SIGHUP stop the daemon.
 * Returns the exit status: 0 once it serves; else the daemon's own, which has ended, and never 0.
 */
int detach_wait(pid_t daemon, int report);

#endif
