/* File descriptors: flags, closing, whole reads and writes, passing between processes. */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Closes *fd unless it is negative, and sets it to -1. errno is preserved. */
void fd_close(int *fd);
/* Returns 0 or -errno. */
int fd_set_cloexec(int fd, bool on) BB_NODISCARD;
int fd_set_nonblock(int fd, bool on) BB_NODISCARD;

/* Reads or writes all n bytes, retrying EINTR. For blocking descriptors. 0, -errno, -EPIPE at EOF. */
int fd_read_full(int fd, void *data, size_t n) BB_NODISCARD;
int fd_write_full(int fd, const void *data, size_t n) BB_NODISCARD;

/* Whole file into allocated, NUL-terminated memory (*len excludes it). -EFBIG over max. */
int fd_read_file(const char *path, size_t max, char **data, size_t *len) BB_NODISCARD;
/* Writes path by a temporary file and rename(2), so that a reader sees the old or the new, whole. */
int fd_replace_file(const char *path, const void *data, size_t len, mode_t mode) BB_NODISCARD;

#define FD_PASS_MAX 253 /* SCM_MAX_FD of the kernel */

/*
 * One datagram on a SOCK_SEQPACKET socket, with up to FD_PASS_MAX descriptors (SCM_RIGHTS, unix(7)).
 * fd_send returns 0 or -errno (-EAGAIN: queue full, nothing was sent). The caller keeps its fds.
 * fd_recv returns the length, 0 at EOF, or -errno (-EMSGSIZE: truncated; received fds were closed).
 * Received descriptors are CLOEXEC; *nfds says how many, the caller owns them.
 */
int fd_send(int sock, const void *data, size_t len, const int *fds, size_t nfds) BB_NODISCARD;
ssize_t fd_recv(int sock, void *data, size_t size, int fds[FD_PASS_MAX], size_t *nfds) BB_NODISCARD;

#define FD_PLACE_MAX 256

/*
 * Makes fds[i] number i, without CLOEXEC, and closes every other descriptor of the process. n is at most FD_PLACE_MAX.
 * Returns 0 or -errno.
 */
int fd_place(const int *fds, size_t n) BB_NODISCARD;

#endif
