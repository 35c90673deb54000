/*
 * One directory: opened, made sure of, watched, listed, in this order. System calls only, on memory of its own, so that
 * several threads can do it at once; what the listing means is for watch_scan.c.
 */
#ifndef DAEMON_MASTER_WATCH_LIST_H
#define DAEMON_MASTER_WATCH_LIST_H

#include "common/attr.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a watch is added to the directory that a descriptor holds. */
enum watch_list_how {
	LIST_BY_PROC, /* by /proc/self/fd */
	LIST_BY_CWD,  /* by going there: for threads that have a current directory of their own */
};

struct watch_listing {
	/* What is asked for. */
	uint32_t
		id; /* the node; WATCH_NONE: it was dropped meanwhile, and nobody wants to know any more */
	unsigned how; /* flags of the node's, for whoever asked */
	uint64_t ino; /* that it must have, with dev */
	uint32_t dev;
	bool follow; /* path may be a symbolic link */
	char path[PATH_MAX];
	/* What came of it. */
	int fd;	 /* or -errno; -ESTALE: another directory has its path */
	int wd;	 /* or -errno */
	int err; /* of listing */
	char *data;
	size_t len;
	size_t size;
	bool whole; /* data holds all entries */
};

/* Allocates `size` bytes for entries. 0 or -ENOMEM. */
int watch_listing_init(struct watch_listing *l, size_t size) BB_NODISCARD;
void watch_listing_finish(struct watch_listing *l);

/* Opens l->path, adds a watch to inotify_fd and lists as much as there is room for. Fills what came of it. */
void watch_list_run(struct watch_listing *l, int inotify_fd, enum watch_list_how how);
/* The same for a directory that is open already. Takes fd. */
void watch_list_run_fd(struct watch_listing *l, int fd, int inotify_fd, enum watch_list_how how);
/* Lists the rest, making room. Not for threads. */
void watch_list_complete(struct watch_listing *l);
/* Closes the descriptor. */
void watch_list_close(struct watch_listing *l);

/* The entry at *at, which is moved behind it; NULL at the end. "." and ".." are passed over. */
struct dirent64 *watch_list_next(const struct watch_listing *l, size_t *at);

#endif
