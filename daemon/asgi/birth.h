/* The birth of a worker: a process that is the master's child, though the nursery forks it. */
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

/*
 * In the new process: waits until the master is its parent, dies with it from now on, has fds[i] as descriptor i and
 * no others (`orphaned` is closed too), and tells the master on its channel that it is there. Returns 0 or -errno.
 */
int birth_settle(int orphaned, pid_t master, const int *fds, size_t nfds) BB_NODISCARD;

#endif
