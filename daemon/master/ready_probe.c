/* Readiness read from /proc: epoll sets and processes in accept(2). */
#include "daemon/master/ready_probe.h"

#include "common/attr.h"
#include "common/parse.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TREE_MAX 256

static void add_children(pid_t pid, pid_t *out, size_t *count, size_t max)
{
	char path[64];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (*count < max && fscanf(f, "%d", &child) == 1)
		out[(*count)++] = child;
	fclose(f);
}

size_t process_tree(pid_t pid, pid_t *out, size_t max)
{
	size_t count = 0;

	if (max == 0)
		return 0;
	out[count++] = pid;
	for (size_t i = 0; i < count; i++)
		add_children(out[i], out, &count, max);
	return count;
}

static bool is_one_of(unsigned long ino, const ino_t *inodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (inodes[i] == ino)
			return true;
	}
	return false;
}

/* "tfd: 5 events: 19 data: 5 pos:0 ino:7f3a sdev:8" lines of an epoll descriptor. */
static bool fdinfo_has(const char *path, const ino_t *inodes, size_t count)
{
	char line[256];
	bool found = false;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		const char *ino = strncmp(line, "tfd:", 4) == 0 ? strstr(line, "ino:") : NULL;

		found = ino && is_one_of(strtoul(ino + 4, NULL, 16), inodes, count);
	}
	fclose(f);
	return found;
}

static bool epoll_has(pid_t pid, const ino_t *inodes, size_t count)
{
	char path[320];
	bool found = false;
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, d->d_name);
		found = d->d_name[0] != '.' && fdinfo_has(path, inodes, count);
	}
	closedir(dir);
	return found;
}

static bool in_accept(pid_t pid, const ino_t *inodes, size_t count)
{
	char path[64];
	long number;
	unsigned long fd;
	struct stat st;
	bool accepting;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	accepting = fscanf(f, "%ld %lx", &number, &fd) == 2 &&
		    (number == SYS_accept4 || number == SYS_accept);
	fclose(f);
	if (!accepting)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%lu", (int)pid, fd);
	return stat(path, &st) == 0 && is_one_of(st.st_ino, inodes, count);
}

bool ready_probe(pid_t pid, const ino_t *inodes, size_t count)
{
	pid_t tree[TREE_MAX];
	size_t n = process_tree(pid, tree, ARRAY_LEN(tree));

	for (size_t i = 0; i < n; i++) {
		if (epoll_has(tree[i], inodes, count) || in_accept(tree[i], inodes, count))
			return true;
	}
	return false;
}
