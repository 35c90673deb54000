/*
 * The watcher without its loop: it is told to read and to look at the clock, and says when it wants to be told again.
 * watcher.c puts it on libev; tests drive it by poll(2).
 *
 *   inotify ── watch_event ──┐                      ┌── watch_root, watch_anchor: roots that go and come
 *                            ├─ tree ── watch_scan ─┤
 *   clock ──── watch_poll ───┘                      └── debounce ── watch_look ── a batch
 */
#ifndef DAEMON_MASTER_WATCH_H
#define DAEMON_MASTER_WATCH_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/str.h"
#include "daemon/master/debounce.h"
#include "daemon/master/watch_kernel.h"
#include "daemon/master/watcher.h"

#include <stdbool.h>
#include <stddef.h>

struct watch;

/* As watcher_create(). `limits` may be NULL. */
int watch_create(struct watch **w, const struct watch_config *c,
		 const struct watch_limits *limits) BB_NODISCARD;
void watch_destroy(struct watch *w);

/* Readable when there is something to watch_read(); -1: never. */
int watch_fd(const struct watch *w);
/* Reads what is queued and repairs the tree, for at most about 50 ms. */
void watch_read(struct watch *w);
/* When watch_tick() is due; zero: never. */
struct mono watch_deadline(const struct watch *w);
/* Does what is due. Returns true and fills *b (for the caller to finish its paths) when a window has closed. */
bool watch_tick(struct watch *w, struct debounce_batch *b) BB_NODISCARD;
/* Reads everything, looks at everything, closes the window. Returns true if anything changed. */
bool watch_sync(struct watch *w, struct debounce_batch *b) BB_NODISCARD;

/* These are as their namesakes in watcher.h. */
int watch_add_root(struct watch *w, const char *path) BB_NODISCARD;
int watch_remove_root(struct watch *w, const char *path) BB_NODISCARD;
const struct strv *watch_roots(const struct watch *w);
void watch_set_paused(struct watch *w, bool paused);
void watch_set_baseline(struct watch *w, struct wall generation_started);
struct watch_stats watch_stats(const struct watch *w);
void watch_why(const struct watch *w, const char *path, struct watch_why *out);
int watch_save(const struct watch *w, struct buf *out, int *inotify_fd) BB_NODISCARD;
int watch_restore(struct watch **w, const struct watch_config *c, int inotify_fd, const void *data,
		  size_t len) BB_NODISCARD;

/* Bytes that the table of directories uses and has allocated. */
void watch_memory(const struct watch *w, size_t *used, size_t *allocated);

#endif
