/* The steps of a worker's birth, before there is a loop: all of them may block. */
#ifndef DAEMON_WORKER_STARTUP_H
#define DAEMON_WORKER_STARTUP_H

#include "common/attr.h"
#include "common/log.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/worker_config.h"

#include <stddef.h>

/* SIGINT and SIGPIPE are ignored: the first is the master's (it reaches the whole terminal). */
int startup_signals(void) BB_NODISCARD;
/*
 * Waits for CONFIG. Returns 0; -ECANCELED: STOP came first; -EBADMSG. EOF ends the process, see
 * worker.h. Also makes sock CLOEXEC and non-blocking.
 */
int startup_receive_config(int sock, void *buf, size_t size, struct worker_config *c) BB_NODISCARD;
/*
 * The listening sockets that the configuration promises. Allocates *fds. -ENOTSOCK, -EINVAL,
 * -EBADF, …
 */
int startup_listeners(const struct worker_config *c, int **fds) BB_NODISCARD;
void startup_close_listeners(const struct worker_config *c, const int *fds);
void startup_log(const struct worker_config *c, enum log_format *format);
/* Sends one message, waiting for room for a while. Returns 0 or -errno. */
int startup_send(int sock, enum channel_type type, const void *body, size_t len) BB_NODISCARD;

#endif
