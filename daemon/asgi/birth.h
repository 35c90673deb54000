/*
 * The birth of a worker: a process that is the master's child, though the nursery forks it. It is forked when a reload is
 * in sight, and waits for its descriptors: an egg, since nothing can be told of it from outside.
 */
#ifndef DAEMON_ASGI_BIRTH_H
#define DAEMON_ASGI_BIRTH_H

#include "common/attr.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Forks a process whose parent is gone when the call returns here. Returns its pid; 0 in the new process, where *orphaned
 * comes to its end once that is so; -errno. For CPython to get over it, call it between PyOS_BeforeFork()
 * and PyOS_AfterFork_Parent() or PyOS_AfterFork_Child().
 */
pid_t birth_fork(int *orphaned) BB_NODISCARD;
/* In the new process: waits until the master is its parent, and dies with it from now on. Closes `orphaned`. 0 or -errno. */
int birth_adopt(int orphaned, pid_t master) BB_NODISCARD;

/* Gives an egg, by its socket, the descriptors 0..nfds-1. The caller keeps its own. Returns 0 or -errno. */
int birth_hatch(int egg, const int *fds, size_t nfds) BB_NODISCARD;
/*
 * In the egg: waits for them, has no others afterwards, and tells the master on its channel that it is there. Returns 0;
 * -EPIPE: nobody wants it any more; -errno.
 */
int birth_wait(int nursery) BB_NODISCARD;

#endif
