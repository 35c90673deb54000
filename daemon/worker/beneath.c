/* Opening files below a directory, and nothing outside of it. */
#include "daemon/worker/beneath.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Resolving ".." races with a rename somewhere in the tree: the kernel says EAGAIN. */
#define RESOLVE_TRIES 8

static int open_resolved(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned long long)(unsigned int)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < RESOLVE_TRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* The segment at *path, without slashes, into name; *path moves behind it. */
static int next_segment(const char **path, char name[NAME_MAX + 1])
{
	size_t len = strcspn(*path, "/");

	if (len == 0 || len > NAME_MAX)
		return len == 0 ? -EINVAL : -ENAMETOOLONG;
	memcpy(name, *path, len);
	name[len] = '\0';
	*path += len;
	*path += strspn(*path, "/");
	return strcmp(name, "..") == 0 ? -EXDEV : 0;
}

int beneath_walk(int root, const char *path, int flags)
{
	int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return -errno;
	for (;;) {
		char name[NAME_MAX + 1];
		int err = next_segment(&path, name);
		int how = *path ? O_PATH | O_DIRECTORY : flags;
		int next = err ? -1 : openat(at, name, how | O_NOFOLLOW | O_CLOEXEC);

		if (!err && next < 0)
			err = -errno;
		fd_close(&at);
		if (err || !*path)
			return err ? err : next;
		at = next;
	}
}

static int open_beneath(int root, const char *path, int flags)
{
	const char *name = *path ? path : ".";
	int fd = open_resolved(root, name, flags | O_CLOEXEC);

	if (fd == -ENOSYS || fd == -EPERM)
		return beneath_walk(root, name, flags);
	return fd;
}

int beneath_stat(int root, const char *path, struct stat *st)
{
	int fd = open_beneath(root, path, O_PATH);
	struct stat got;
	int err;

	if (fd < 0)
		return fd;
	err = fstat(fd, &got) < 0 ? -errno : 0;
	fd_close(&fd);
	if (!err)
		*st = got;
	return err;
}

static bool is_served(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

int beneath_open(int root, const char *path, struct stat *st)
{
	struct stat got;
	int err = beneath_stat(root, path, &got);
	int fd;

	if (err)
		return err;
	if (!is_served(&got))
		return -EACCES;
	/* It may be a FIFO by now. */
	fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	err = fstat(fd, &got) < 0 ? -errno : 0;
	if (!err && !is_served(&got))
		err = -EACCES;
	if (err) {
		fd_close(&fd);
		return err;
	}
	*st = got;
	return fd;
}
