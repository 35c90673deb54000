/* The inotify(7) descriptor. */
#include "daemon/master/watch_kernel.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

int watch_kernel_add_path(struct watch_kernel *k, const char *path, uint32_t mask)
{
	int wd;

	if (k->fd < 0)
		return -EBADF;
	wd = inotify_add_watch(k->fd, path, mask);
	if (wd < 0)
		return -errno;
	if (wd <= k->highest) /* an inode that is watched already */
		return wd;
	if (k->limit && k->used >= k->limit) {
		inotify_rm_watch(k->fd, wd);
		return -ENOSPC;
	}
	k->highest = wd;
	k->used++;
	return wd;
}

int watch_kernel_add(struct watch_kernel *k, int dirfd, const char *path, uint32_t mask)
{
	char link[32];
	int wd;

	if (k->no_proc)
		return watch_kernel_add_path(k, path, mask);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	wd = watch_kernel_add_path(k, link, mask);
	if (wd == -ENOENT && access("/proc/self/fd", F_OK) < 0) {
		k->no_proc = true;
		wd = watch_kernel_add_path(k, path, mask);
	}
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

static bool is_inotify(int fd)
{
	char link[32], target[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);

	ssize_t n = readlink(link, target, sizeof(target));

	return n == (ssize_t)strlen("anon_inode:inotify") &&
	       memcmp(target, "anon_inode:inotify", (size_t)n) == 0;
}

/* Lines of proc(5): "inotify wd:7 ino:…"; what stands before the first such line, and a cut last one, is passed over. */
static bool check_lines(char *text, bool (*known)(void *owner, int wd), void *owner)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned wd;

		if (sscanf(line, "inotify wd:%x ino:", &wd) == 1 && !known(owner, (int)wd))
			return false;
	}
	return true;
}

bool watch_kernel_verify(int fd, bool (*known)(void *owner, int wd), void *owner)
{
	char path[32], text[8192];

	if (!is_inotify(fd))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);

	int info = open(path, O_RDONLY | O_CLOEXEC);

	if (info < 0)
		return true; /* nothing speaks against it */

	ssize_t n = read(info, text, sizeof(text) - 1);

	fd_close(&info);
	if (n <= 0)
		return n == 0;
	text[n] = '\0';

	char *last = strrchr(text, '\n');

	if (last)
		*last = '\0';
	return check_lines(text, known, owner);
}

bool watch_kernel_is_refusal(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}
