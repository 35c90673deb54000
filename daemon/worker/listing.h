/* The page that shows what a directory holds. */
#ifndef DAEMON_WORKER_LISTING_H
#define DAEMON_WORKER_LISTING_H

#include "common/attr.h"
#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LISTING_MAX 5000 /* entries; more are counted, not shown */

struct listing_entry {
	char *name; /* owned */
	bool folder;
	uint64_t size;
	time_t modified;
};

struct listing {
	struct listing_entry *entries;
	size_t count;
	size_t left_out; /* for want of room */
};

/*
 * Reads the directory `path` below root, which is open as dir (closed by this call, on errors
 * too): what is served from it and nothing else, folders first, then by name. Returns 0 or -errno.
 */
int listing_read(struct listing *l, int root, const char *path, int dir) BB_NODISCARD;
void listing_finish(struct listing *l);

/* The page; path as in listing_read(). Pure. Returns what buf_add() returns. */
int listing_render(const struct listing *l, const char *path, struct buf *out) BB_NODISCARD;

#endif
