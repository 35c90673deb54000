/*
 * Whether a program that says nothing about it waits for connections: it, or a process below it, has one of our
 * listening sockets in an epoll set or sits in accept(2) on it. Read from /proc (proc(5)).
 */
#ifndef DAEMON_MASTER_READY_PROBE_H
#define DAEMON_MASTER_READY_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* `inodes` are those of the listening sockets. */
bool ready_probe(pid_t pid, const ino_t *inodes, size_t count);

/* Every process below pid, itself first, at most `max`; returns how many. */
size_t process_tree(pid_t pid, pid_t *out, size_t max);

#endif
