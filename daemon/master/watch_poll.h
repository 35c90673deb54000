/*
 * Polling, for what the kernel does not tell about: directories that it had no watch for, network file systems, and
 * everything with --reload-poll. A polled node is listed again and again; what counts in it is compared with the
 * snapshot from the time before.
 */
#ifndef DAEMON_MASTER_WATCH_POLL_H
#define DAEMON_MASTER_WATCH_POLL_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/* What a listing found of the files that count: grown, then given to watch_poll_compare(). Zeroed it is empty. */
struct watch_findings {
	struct watch_found {
		uint32_t name; /* where in names */
		struct watch_stamp stamp;
	} * files;
	uint32_t count;
	uint32_t size;
	char *names;
	uint32_t names_len;
	uint32_t names_size;
};

struct watch_stamp watch_stamp_of(const struct stat *st);
bool watch_stamp_equal(const struct watch_stamp *a, const struct watch_stamp *b);

/* 0 or -ENOMEM. */
int watch_findings_add(struct watch_findings *f, const char *name,
		       const struct watch_stamp *stamp) BB_NODISCARD;
void watch_findings_finish(struct watch_findings *f);

/*
 * Reports what differs from the snapshot of a node, whose path is `dir`, and makes the findings its snapshot; takes
 * them. The first time nothing differs, unless with `catch_up`.
 */
void watch_poll_compare(struct watch *w, uint32_t id, struct watch_path *dir,
			struct watch_findings *f, bool catch_up, struct mono now);
void watch_poll_forget(struct watch *w, uint32_t id);
void watch_poll_finish(struct watch *w);

/* Whether there is anything to poll; starts or stops the clock accordingly. */
void watch_poll_schedule(struct watch *w, struct mono now);
/* Begins a round: queues what is polled, has roots looked at. */
void watch_poll_begin(struct watch *w, struct mono now);
/* The queue is empty: the round is over. */
void watch_poll_end(struct watch *w, struct mono now);

int watch_poll_save(const struct watch *w, uint32_t id, struct buf *out) BB_NODISCARD;
int watch_poll_restore(struct watch *w, uint32_t id, struct reader *r) BB_NODISCARD;

#endif
