/*
 * The inotify(7) descriptor: one a master. Watches are added to the inode that a descriptor holds, through
 * /proc/self/fd, so that nothing can be put in its place in between.
 */
#ifndef DAEMON_MASTER_WATCH_KERNEL_H
#define DAEMON_MASTER_WATCH_KERNEL_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>

/*
 * The same for every directory of a tree, since adding a watch again replaces its mask. No IN_MODIFY: a half-written
 * file is nobody's business, and the queue lasts twice as long. No IN_ATTRIB.
 */
#define WATCH_MASK_TREE                                                                          \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)
/* Directories beside a tree that tell whether something in them comes or goes. They may be part of another tree. */
#define WATCH_MASK_NAMES                                                                       \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR | IN_EXCL_UNLINK | IN_MASK_ADD)
/* The same, and whether files in them are written. */
#define WATCH_MASK_FILES (WATCH_MASK_NAMES | IN_CLOSE_WRITE)
/* Directories on the way to a root: only whether they go themselves. */
#define WATCH_MASK_SELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)

/* Limits of the kernel's that a test can have lower, for itself alone. */
struct watch_limits {
	uint32_t watches;     /* 0: the kernel's */
	bool refuse_instance; /* as if max_user_instances were used up */
};

struct watch_kernel {
	int fd;		 /* -1: everything is polled */
	uint64_t events; /* read */
	/* Kept only for a test that limits us: */
	uint32_t limit;
	uint32_t used; /* watches that we hold */
	int highest;   /* watch descriptor so far: numbers only grow */
};

/* Opens the descriptor. Returns 0 or -errno; k->fd is then -1. */
int watch_kernel_open(struct watch_kernel *k, const struct watch_limits *limits) BB_NODISCARD;
void watch_kernel_close(struct watch_kernel *k);

/*
 * The watch descriptor of the directory that `dirfd` holds and `path` names, or -errno. They know nothing of struct watch_kernel
 * and may be called by any thread; what they give is to be passed through watch_kernel_count().
 */
int watch_kernel_add(int inotify_fd, int dirfd, const char *path, uint32_t mask) BB_NODISCARD;
/* By path alone: the last component may be replaced meanwhile. */
int watch_kernel_add_raw(int inotify_fd, const char *path, uint32_t mask) BB_NODISCARD;
/* Returns what it is given, or -ENOSPC if a test forbids that watch. */
int watch_kernel_count(struct watch_kernel *k, int wd) BB_NODISCARD;
void watch_kernel_remove(struct watch_kernel *k, int wd);
/* The kernel said that a watch is gone (IN_IGNORED). */
void watch_kernel_gone(struct watch_kernel *k);

/* Reads into buf (of at least 4 KiB). Returns bytes, 0 when nothing is queued, -errno. */
int watch_kernel_read(struct watch_kernel *k, void *buf, size_t size) BB_NODISCARD;
/* Whether nothing is queued. */
bool watch_kernel_is_drained(const struct watch_kernel *k);

/* Whether `fd` is open and an inotify descriptor, as far as /proc tells. */
bool watch_kernel_is_inotify(int fd);

/* Whether an error of watch_kernel_add() means that there are no watches left, rather than no such directory. */
bool watch_kernel_is_refusal(int err);

#endif
