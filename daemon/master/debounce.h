/*
 * The debouncer: collects changes and says when the window closes. Pure: time is an argument, and what became of a
 * file is asked through a callback.
 *
 *   final edges of one file                      delay_ms of quiet (default 3)
 *   two or more files, or a directory            25 ms
 *   an edge that wants another (created, gone)   60 ms for that file, and a look
 *   .git/index.lock is there                     until 8 ms after it goes; at most 2 s after the last change,
 *                                                10 s in all: nobody wants half a checkout
 *   a rebase goes on between two locks           250 ms after the lock, unless the rebase ends before
 *   changes that do not end                      1,500 ms after the first
 *
 * Each window is a level, not an edge: what comes after it was taken opens the next one.
 */
#ifndef DAEMON_MASTER_DEBOUNCE_H
#define DAEMON_MASTER_DEBOUNCE_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEBOUNCE_DELAY_MS      3
#define DEBOUNCE_STORM_MS      25
#define DEBOUNCE_OPEN_MS       60
#define DEBOUNCE_CAP_MS	       1500
#define DEBOUNCE_UNLOCK_MS     8
#define DEBOUNCE_SERIES_MS     250
#define DEBOUNCE_LOCK_QUIET_MS 2000
#define DEBOUNCE_LOCK_MS       10000
/*
 * How long a file that somebody still writes is waited for. One that was closed before holds the window, and counts then; one
 * that was only created holds nobody, and counts when it is closed (which a file that was made by O_TMPFILE and
 * linked later says under another name).
 */
#define DEBOUNCE_WRITER_MS 1000

/* What an event says about a file. */
enum debounce_edge {
	DEBOUNCE_CLOSED,  /* written and closed: a change, if the file really differs */
	DEBOUNCE_PLACED,  /* moved here, linked, found: a change */
	DEBOUNCE_CREATED, /* it was not there before; more must come */
	DEBOUNCE_GONE,	  /* deleted or moved away; a successor may come */
	DEBOUNCE_SEEN,	  /* a poll found it different; it may still be written */
};

struct debounce_entry {
	char *path;
	uint32_t hash;
	bool closed;  /* the last edge was a final one */
	bool certain; /* a change whatever its times say */
	bool polled;  /* found by a poll: nobody said that it is complete */
	bool born;    /* not there before this window */
	bool waiting; /* holds the window until `until` */
	struct mono until;
	struct mono since; /* its first edge */
	/* For the callback that looks: what it found the last time. */
	int64_t seen_ctime_ns;
	uint64_t seen_size;
};

struct debounce {
	uint32_t delay_ms;
	struct debounce_entry *entries;
	size_t count;
	size_t size;
	uint32_t *index; /* hash table of entry numbers plus one */
	size_t index_size;
	size_t waiting; /* entries that wait */
	bool overflow;	/* something changed that has no entry */
	bool lock_held;
	bool lock_seen; /* in this window */
	bool series; /* a rebase or the like is under way, which takes the lock again and again */
	struct mono locked;
	struct mono unlocked;
	struct mono first; /* of this window */
	struct mono last;
	struct mono dir;  /* last event of a directory */
	struct mono hold; /* what waits waits no longer than this */
	uint32_t edges;
	uint64_t seq; /* of the batch that was taken last */
};

void debounce_init(struct debounce *d, uint32_t delay_ms);
void debounce_finish(struct debounce *d);

/* An edge of `path`, which is copied. When memory runs out it counts as an overflow: never lost. */
void debounce_file(struct debounce *d, const char *path, enum debounce_edge edge, struct mono now);
/* A directory came, went or moved: what follows is probably many files. Opens no window of itself. */
void debounce_dir(struct debounce *d, struct mono now);
/* Something changed, and it is not known what. */
void debounce_overflow(struct debounce *d, struct mono now);
/* Some index.lock appeared (at `since`; older than 10 s it is stale and does not hold) or the last one went. */
void debounce_lock(struct debounce *d, bool held, struct mono since, struct mono now);

/* A rebase or a series of cherry-picks is under way. Matters only to a window that has seen a lock: one may be halted for days. */
void debounce_series(struct debounce *d, bool under_way);

bool debounce_pending(const struct debounce *d);
/* The entry of a path in this window, or NULL. */
const struct debounce_entry *debounce_find(const struct debounce *d, const char *path);
/* When to call debounce_take(); zero when nothing is pending. */
struct mono debounce_deadline(const struct debounce *d);

enum debounce_look {
	DEBOUNCE_CHANGED,
	DEBOUNCE_SAME,	/* no change */
	DEBOUNCE_BUSY,	/* somebody has it open for writing: its CLOSE_WRITE is still to come */
	DEBOUNCE_MOVED, /* size or ctime still move, and nobody can say who writes */
	DEBOUNCE_AWAY,	/* not there, and nothing said so yet */
};
/* Looks at the file. May write the seen_ fields. */
typedef enum debounce_look debounce_look_fn(void *owner, struct debounce_entry *e);

struct debounce_batch {
	struct strv paths; /* sorted; the caller's to finish */
	bool overflow;
	struct mono first;
	struct mono last;
	uint64_t seq; /* numbers the windows that were reported, from 1 */
	uint32_t edges;
};

/*
 * Looks at every file of the window. Returns true and fills *b if the window is over and something changed;
 * false when nothing did (the window is then empty again) or when it goes on (there is a later deadline). With
 * `force` it does not go on: what somebody still writes is left for the next window.
 */
bool debounce_take(struct debounce *d, struct mono now, bool force, debounce_look_fn *look,
		   void *owner, struct debounce_batch *b) BB_NODISCARD;

/* The pending window as bytes, and back. 0, -ENOMEM, -ENOBUFS; -EBADMSG: not such bytes, `d` is then as after init. */
int debounce_save(const struct debounce *d, struct buf *out) BB_NODISCARD;
int debounce_restore(struct debounce *d, struct reader *r) BB_NODISCARD;

#endif
