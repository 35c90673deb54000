/* File descriptors: flags, closing, whole reads and writes, passing between processes. */
#include "common/fd.h"

#include "common/buf.h"
#include "common/str.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_set_cloexec(int fd, bool on)
{
	/* Descriptors have no other flag, so that none needs to be kept. */
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

int fd_set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;

	int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

	if (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0)
		return -errno;
	return 0;
}

int fd_read_full(int fd, void *data, size_t n)
{
	char *p = data;

	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EPIPE;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int fd_write_full(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* Appends everything up to EOF. The size is not asked for beforehand: files of /proc have none. */
static int read_to_end(int fd, struct buf *b)
{
	for (;;) {
		int err = buf_reserve(b, 1);

		if (err)
			return err;

		ssize_t got = read(fd, buf_tail(b), buf_room(b));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		buf_commit(b, (size_t)got);
	}
}

int fd_read_file(const char *path, size_t max, char **data, size_t *len)
{
	struct buf b;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* One byte more tells a file of max bytes from a longer one; another is for the NUL. */
	buf_init(&b, max > SIZE_MAX - 2 ? SIZE_MAX : max + 2);

	int err = read_to_end(fd, &b);

	fd_close(&fd);
	if (err == -ENOBUFS || (!err && buf_len(&b) > max))
		err = -EFBIG;
	if (!err)
		err = buf_add(&b, "", 1);
	if (err) {
		buf_finish(&b);
		return err;
	}
	*data = b.base;
	*len = buf_len(&b) - 1;
	return 0;
}

static int write_new(int fd, const void *data, size_t len, mode_t mode)
{
	/* mkostemp() gives 0600; the mode is set whatever the umask. */
	if (fchmod(fd, mode) < 0)
		return -errno;
	return fd_write_full(fd, data, len);
}

int fd_replace_file(const char *path, const void *data, size_t len, mode_t mode)
{
	char *temporary = str_printf("%s.XXXXXX", path);

	if (!temporary)
		return -ENOMEM;

	int fd = mkostemp(temporary, O_CLOEXEC);
	int err = fd < 0 ? -errno : write_new(fd, data, len, mode);

	if (fd >= 0) {
		if (close(fd) < 0 && !err)
			err = -errno;
		if (!err && rename(temporary, path) < 0)
			err = -errno;
		if (err)
			unlink(temporary);
	}
	free(temporary);
	return err;
}

/* Space for one control message with FD_PASS_MAX descriptors, aligned as CMSG_FIRSTHDR() wants it. */
union fd_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

int fd_send(int sock, const void *data, size_t len, const int *fds, size_t nfds)
{
	union fd_control control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	assert(nfds <= FD_PASS_MAX);
	if (nfds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));

		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	for (;;) {
		if (sendmsg(sock, &msg, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static size_t received_fds(struct msghdr *msg, int fds[FD_PASS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		/* The buffer holds no more than FD_PASS_MAX: the kernel closed what did not fit. */
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

ssize_t fd_recv(int sock, void *data, size_t size, int fds[FD_PASS_MAX], size_t *nfds)
{
	union fd_control control = {0};
	struct iovec iov = {.iov_base = data, .iov_len = size};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int received[FD_PASS_MAX];
	ssize_t len;

	do
		len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;

	size_t n = received_fds(&msg, received);

	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < n; i++)
			fd_close(&received[i]);
		return -EMSGSIZE;
	}
	memcpy(fds, received, n * sizeof(int));
	*nfds = n;
	return len;
}

int fd_place(const int *fds, size_t n)
{
	int copies[FD_PLACE_MAX];

	assert(n <= FD_PLACE_MAX);
	/* Copies stand above the targets first, so that none is overwritten before its turn. */
	for (size_t i = 0; i < n; i++) {
		copies[i] = fcntl(fds[i], F_DUPFD, (int)n);
		if (copies[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < n; i++) {
		if (dup2(copies[i], (int)i) < 0)
			return -errno;
	}
	return close_range((unsigned int)n, ~0U, 0) < 0 ? -errno : 0;
}
