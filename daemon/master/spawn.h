/*
 * Starts a program in a child process that inherits exactly what it is given: descriptors 0..n-1, the
 * environment of our first boot without what is ours, default signal dispositions, an empty signal
 * mask. The child dies with the master (PR_SET_PDEATHSIG, prctl(2)).
 */
#ifndef DAEMON_MASTER_SPAWN_H
#define DAEMON_MASTER_SPAWN_H

#include "common/attr.h"
#include "common/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_FDS_MAX 256

struct spawn_request {
	const char *file; /* looked up in PATH unless it has a '/' */
	char *const *argv;
	const int *fds; /* become 0..nfds-1 of the child; the caller keeps them */
	size_t nfds;
	const struct strv *env; /* "NAME=value" entries on top of ours; may be NULL */
	bool listen_pid;	/* add LISTEN_PID with the child's pid (sd_listen_fds(3)) */
};

/*
 * Returns 0 and the pid, or -errno when no process could be made. That the program cannot be executed shows
 * later: one line on the child's descriptor 2 and exit status 127 (126: found, but not executable).
 */
int spawn(const struct spawn_request *r, pid_t *pid) BB_NODISCARD;

#endif
