/*
 * RLIMIT_NOFILE. The master holds every idle connection of its old workers for a moment, so it takes what the
 * hard limit allows; its children get the soft limit that it was started with: some programs use select(2).
 */
#ifndef DAEMON_MASTER_DESCRIPTOR_LIMIT_H
#define DAEMON_MASTER_DESCRIPTOR_LIMIT_H

#include <stdbool.h>

/* The first soft limit, kept in the environment across execve(2), where even an unreadable state cannot lose it. */
#define DESCRIPTOR_LIMIT_ENV "BLACKBULLD_NOFILE"

/* Raises ours. `first`: this image was not made by another one of the same daemon. */
void descriptor_limit_raise(bool first);
/* In a child, between fork(2) and execve(2): the limit as it was. */
void descriptor_limit_restore(void);

#endif
