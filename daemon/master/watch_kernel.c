/* The inotify(7) descriptor. */
#include "daemon/master/watch_kernel.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int watch_kernel_open(struct watch_kernel *k, const struct watch_limits *limits)
{
	*k = (struct watch_kernel){.fd = -1, .limit = limits ? limits->watches : 0};
	if (limits && limits->refuse_instance)
		return -EMFILE;
	k->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return k->fd < 0 ? -errno : 0;
}

void watch_kernel_close(struct watch_kernel *k)
{
	fd_close(&k->fd);
}

int watch_kernel_add_raw(int inotify_fd, const char *path, uint32_t mask)
{
	int wd = inotify_add_watch(inotify_fd, path, mask);

	return wd < 0 ? -errno : wd;
}

int watch_kernel_add(int inotify_fd, int dirfd, const char *path, uint32_t mask)
{
	char link[32];
	int wd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	wd = watch_kernel_add_raw(inotify_fd, link, mask);
	if (wd == -ENOENT && access("/proc/self/fd", F_OK) < 0) /* no /proc: second best */
		wd = watch_kernel_add_raw(inotify_fd, path, mask);
	return wd;
}

int watch_kernel_count(struct watch_kernel *k, int wd)
{
	if (k->limit == 0 ||
	    wd <= k->highest) /* no test, an error, or an inode that is watched already */
		return wd;
	if (k->used >= k->limit) {
		inotify_rm_watch(k->fd, wd);
		return -ENOSPC;
	}
	k->highest = wd;
	k->used++;
	return wd;
}

void watch_kernel_remove(struct watch_kernel *k, int wd)
{
	if (k->fd >= 0 && wd >= 0 && inotify_rm_watch(k->fd, wd) == 0)
		watch_kernel_gone(k);
}

void watch_kernel_gone(struct watch_kernel *k)
{
	if (k->used > 0)
		k->used--;
}

int watch_kernel_read(struct watch_kernel *k, void *buf, size_t size)
{
	ssize_t n;

	if (k->fd < 0)
		return 0;
	do {
		n = read(k->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return (int)n;
}

bool watch_kernel_is_drained(const struct watch_kernel *k)
{
	int queued = 0;

	return k->fd < 0 || ioctl(k->fd, FIONREAD, &queued) < 0 || queued == 0;
}

bool watch_kernel_is_inotify(int fd)
{
	static const char expected[] = "anon_inode:inotify";
	char link[32], target[sizeof(expected)];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target));
	if (n < 0 && access("/proc/self/fd", F_OK) < 0)
		return fcntl(fd, F_GETFD) >= 0;
	return n == (ssize_t)strlen(expected) && memcmp(target, expected, (size_t)n) == 0;
}

bool watch_kernel_is_refusal(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}
