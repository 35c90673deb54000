/* EPOLL_CTL_DEL on the loop's epoll instance. */
#include "daemon/http/poller.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void poller_init(struct poller *p)
{
	p->epoll = -1;
}

static bool is_epoll(int dir, const char *name)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char link[sizeof(epoll)];
	ssize_t n = readlinkat(dir, name, link, sizeof(link));

	return n == (ssize_t)sizeof(epoll) - 1 && memcmp(link, epoll, sizeof(epoll) - 1) == 0;
}

/*
 * Removes fd from each epoll instance of this process that watches it the way libev does: the low half of
 * `data` is the descriptor (proc(5), /proc/pid/fdinfo). Another library's instance is left alone.
 */
static bool watches(int epoll, int fd)
{
	char path[64], line[256];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		unsigned long long data;
		int tfd;

		found = sscanf(line, "tfd: %d events: %*x data: %llx", &tfd, &data) == 2 &&
			tfd == fd && (int)(data & 0xffffffffu) == fd;
	}
	fclose(f);
	return found;
}

static int find_epoll(int fd)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;

	if (!dir)
		return -1;
	while (found < 0 && (entry = readdir(dir))) {
		if (!is_epoll(dirfd(dir), entry->d_name))
			continue;
		int epoll = (int)strtol(entry->d_name, NULL, 10);
		if (watches(epoll, fd))
			found = epoll;
	}
	closedir(dir);
	return found;
}

void poller_forget(struct poller *p, int fd)
{
	if (p->epoll >= 0 && epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL) == 0)
		return;
	/* Not known yet; or libev has made a new instance; or fd is too young to be in the list. */
	int epoll = find_epoll(fd);
	if (epoll < 0)
		return;
	p->epoll = epoll;
	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}
