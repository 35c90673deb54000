/* What follows from events, clock and listings, until the tree is right again: rescans, roots, listings, rounds of polling. */
#ifndef DAEMON_MASTER_WATCH_SETTLE_H
#define DAEMON_MASTER_WATCH_SETTLE_H

#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/* Does what is due, listing for at most budget_ms (0: all of it). */
void watch_settle(struct watch *w, int64_t budget_ms, struct mono now);
/* Arms everything for the first time, or roots that were added: nothing in them is a change. */
void watch_settle_first(struct watch *w);
/* When there is something to settle; zero: never. */
struct mono watch_settle_deadline(const struct watch *w);
/* Polls what is polled, all of it, now. */
void watch_settle_poll(struct watch *w);
/* The line at start. */
void watch_settle_tell(const struct watch *w);

#endif
