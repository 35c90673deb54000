/*
 * Opening files below a directory, and nothing outside of it, whatever the path and the symbolic
 * links in the tree say, and whoever renames in it meanwhile: the kernel resolves (openat2(2),
 * RESOLVE_BENEATH).
 */
#ifndef DAEMON_WORKER_BENEATH_H
#define DAEMON_WORKER_BENEATH_H

#include "common/attr.h"

#include <sys/stat.h>

/*
 * What is at `path` ("" is the directory itself): a regular file or a directory, opened for
 * reading, CLOEXEC, with its status. Nothing else is opened: a FIFO would wait, a device may act.
 * Returns the descriptor, -ENOENT, -EACCES (also: neither file nor directory), -EXDEV (leads
 * outside), -errno.
 */
int beneath_open(int root, const char *path, struct stat *st) BB_NODISCARD;
/* The same without opening for reading: only the status. Returns 0 or -errno. */
int beneath_stat(int root, const char *path, struct stat *st) BB_NODISCARD;

/*
 * openat(2) below root in the way of kernels before 5.6 and of sandboxes that forbid openat2(2):
 * segment by segment, and through no symbolic link at all (-EXDEV or -ELOOP). The above fall back
 * to it by themselves.
 */
int beneath_walk(int root, const char *path, int flags) BB_NODISCARD;

#endif
