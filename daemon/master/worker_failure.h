/*
 * What is known of a process that ended before it was ready, as an error for people: from its exit status and the
 * end of what it wrote. Pure.
 */
#ifndef DAEMON_MASTER_WORKER_FAILURE_H
#define DAEMON_MASTER_WORKER_FAILURE_H

#include "common/attr.h"
#include "daemon/ipc/channel.h"

#include <stddef.h>

/* "exit status 1", "killed by signal 11 (Segmentation fault)" for waitpid(2)'s status. Returns out. */
char *worker_failure_describe(int status, char *out, size_t size);

/*
 * Fills *e (owned by the caller) with stage "boot", a message of the status and the last line of `tail`, the
 * place that the last traceback line names (Python: File "x", line 3; Node: /x/y.js:3), and the tail as detail.
 */
int worker_failure_make(int status, const char *tail, struct worker_error *e) BB_NODISCARD;

#endif
