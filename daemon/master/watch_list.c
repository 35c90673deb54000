/* One directory: opened, made sure of, watched, listed. */
#include "daemon/master/watch_list.h"

#include "common/fd.h"
#include "daemon/master/watch_kernel.h"
#include "daemon/master/watch_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAST_ROOM 4096 /* more than any one entry */

int watch_listing_init(struct watch_listing *l, size_t size)
{
	l->data = malloc(size);
	l->size = l->data ? size : 0;
	l->fd = -1;
	return l->data ? 0 : -ENOMEM;
}

void watch_listing_finish(struct watch_listing *l)
{
	free(l->data);
	l->data = NULL;
	l->size = 0;
}

/* Reads entries until the end or until there is no room. */
static void read_entries(struct watch_listing *l)
{
	while (!l->whole && !l->err && l->size - l->len >= LEAST_ROOM) {
		ssize_t n = getdents64(l->fd, l->data + l->len, l->size - l->len);

		if (n < 0)
			l->err = -errno;
		else if (n == 0)
			l->whole = true;
		else
			l->len += (size_t)n;
	}
}

static int add_watch(const struct watch_listing *l, int inotify_fd, enum watch_list_how how)
{
	if (inotify_fd < 0)
		return -EBADF;
	if (how == LIST_BY_CWD && fchdir(l->fd) == 0)
		return watch_kernel_add_raw(inotify_fd, ".", WATCH_MASK_TREE);
	return watch_kernel_add(inotify_fd, l->fd, l->path, WATCH_MASK_TREE);
}

void watch_list_run_fd(struct watch_listing *l, int fd, int inotify_fd, enum watch_list_how how)
{
	l->fd = fd;
	l->wd = add_watch(l, inotify_fd, how);
	l->len = 0;
	l->err = 0;
	l->whole = false;
	read_entries(l);
}

void watch_list_run(struct watch_listing *l, int inotify_fd, enum watch_list_how how)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (l->follow ? 0 : O_NOFOLLOW);
	int fd = open(l->path, flags);
	struct stat st;

	l->fd = fd < 0 ? -errno : fd;
	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || st.st_ino != l->ino || watch_dev(st.st_dev) != l->dev) {
		fd_close(&fd);
		l->fd = -ESTALE;
		return;
	}
	watch_list_run_fd(l, fd, inotify_fd, how);
}

void watch_list_complete(struct watch_listing *l)
{
	while (!l->whole && !l->err) {
		char *grown = realloc(l->data, 2 * l->size);

		if (!grown) {
			l->err = -ENOMEM;
			return;
		}
		l->data = grown;
		l->size *= 2;
		read_entries(l);
	}
}

void watch_list_close(struct watch_listing *l)
{
	fd_close(&l->fd);
}

struct dirent64 *watch_list_next(const struct watch_listing *l, size_t *at)
{
	while (*at < l->len) {
		struct dirent64 *d = (struct dirent64 *)(void *)(l->data + *at);
		const char *name = d->d_name;

		*at += d->d_reclen;
		if (name[0] != '.' || (name[1] != '\0' && (name[1] != '.' || name[2] != '\0')))
			return d;
	}
	return NULL;
}
