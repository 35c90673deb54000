/*
 * The file watcher: recursive inotify(7) over the watched roots, a filter, a debouncer. It reports
 * batches of changed paths, and survives execve(2) with its descriptor and table: nothing is crawled again, no event
 * is lost.
 */
#ifndef DAEMON_MASTER_WATCHER_H
#define DAEMON_MASTER_WATCHER_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct watcher;

struct watch_config {
	const struct strv *roots;   /* absolute files or directories */
	const struct strv *include; /* globs; empty: everything that is not ignored */
	const struct strv *exclude;
	const struct strv *own; /* our own files and folders: never a change */
	uint32_t delay_ms;	/* quiet window for one file */
	uint32_t poll_ms;	/* 0: inotify; else poll at this interval */
};

/*
 * A window that closed: what changed, as paths below the roots as they were given. A directory that was moved away stands for
 * what it held, a root that came back or was exchanged for all of it. Valid during the call.
 */
struct watch_batch {
	const struct strv *paths; /* absolute, sorted, unique; may be empty on overflow */
	bool overflow;		  /* events were lost: everything was scanned again */
	struct mono first;	  /* when the first event of the batch was read */
	struct mono last;	  /* and the last */
	uint64_t seq;		  /* numbers the batches from 1, across execve(2) too */
	uint32_t events;	  /* that were merged into it */
};

/* May call any function here but watcher_destroy(). */
typedef void watch_changed_fn(void *owner, const struct watch_batch *b);

/* Arms every root. A root that cannot be watched is polled or waited for, with one log line. Returns 0 or -errno. */
int watcher_create(struct watcher **w, struct ev_loop *loop, const struct watch_config *c,
		   watch_changed_fn *changed, void *owner) BB_NODISCARD;
void watcher_destroy(struct watcher *w);

/*
 * Across execve(2): appends the state (table, pending batch with times, counters, paused) to `out`
 * and returns the inotify descriptor to be kept open (-1 while polling). The watcher stays usable when exec fails.
 */
int watcher_save(const struct watcher *w, struct buf *out, int *inotify_fd) BB_NODISCARD;
/*
 * Takes over inotify_fd. Roots that `c` has and the state has not are armed, others dropped. State that cannot be
 * read or does not fit the descriptor: everything is armed anew and one batch with `overflow` reported.
 */
int watcher_restore(struct watcher **w, struct ev_loop *loop, const struct watch_config *c,
		    watch_changed_fn *changed, void *owner, int inotify_fd, const void *data,
		    size_t len) BB_NODISCARD;

/*
 * Reads every event that the kernel has queued, polls what is polled, then closes the window: `changed` is called
 * before this returns if there was anything. While paused it only collects. A file that somebody still has open for
 * writing is left for the next window.
 */
void watcher_sync(struct watcher *w);

/* Roots change at run time; that is no change of theirs. Returns 0, -EEXIST, -ENOENT (not watched), -errno. */
int watcher_add_root(struct watcher *w, const char *path) BB_NODISCARD;
int watcher_remove_root(struct watcher *w, const char *path) BB_NODISCARD;
const struct strv *watcher_roots(const struct watcher *w);

/* While paused, changes are collected; resuming reports them as one batch. */
void watcher_pause(struct watcher *w);
void watcher_resume(struct watcher *w);

/*
 * The code that runs now was read from then on. A file that was opened for writing and closed again, its inode not changed
 * since then (ctime), did not change. Files that were moved or linked into place always did.
 */
void watcher_set_baseline(struct watcher *w, struct wall generation_started);

enum watch_backend { WATCH_INOTIFY, WATCH_POLL, WATCH_MIXED };
const char *watch_backend_name(enum watch_backend b);

struct watch_stats {
	enum watch_backend backend;
	uint64_t directories; /* watched or polled */
	uint64_t polled;      /* of these: polled, because there was no watch left, or besides */
	uint64_t left_out;    /* directories that a rule excluded */
	uint64_t events;      /* read from the kernel */
	uint64_t overflows;
	bool paused;
};
struct watch_stats watcher_stats(const struct watcher *w);

/* Whether a change of path (absolute) reloads, and the rule that says so, as one line for people. */
struct watch_why {
	bool reloads;
	char rule
		[256]; /* "matches include *.py", "ignored by /src/.gitignore:3: build/", "not under a watched path" */
};
void watcher_why(const struct watcher *w, const char *path, struct watch_why *out);

#endif
