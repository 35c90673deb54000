/*
 * Time limits of many connections with one timer: each kind has one duration, so a list in the order of setting
 * is a list in the order of expiry. Pure: time is an argument, in milliseconds of any steady clock.
 */
#ifndef DAEMON_HTTP_TIMEOUTS_H
#define DAEMON_HTTP_TIMEOUTS_H

#include "common/list.h"

#include <stdint.h>

enum timeout_kind {
	TIMEOUT_NONE,
	TIMEOUT_HEADER,	    /* a head has begun */
	TIMEOUT_BODY,	    /* more of a body is due */
	TIMEOUT_KEEP_ALIVE, /* between requests */
	TIMEOUT_WRITE,	    /* the client does not take what we send */
	TIMEOUT_HALF_CLOSE, /* the client sent FIN and waits, or is gone: TCP cannot say */
	TIMEOUT_LINGER,	    /* our last word is out: reading on, so that no reset overtakes it */
	TIMEOUT_FAREWELL, /* the same after an idle connection: nothing can be lost but a request */
	TIMEOUT_KINDS,
};

struct timeout {
	struct list_node link; /* timeouts.lists[kind] */
	int64_t at_ms;
	enum timeout_kind kind; /* TIMEOUT_NONE: in no list */
};

struct timeouts {
	struct list lists[TIMEOUT_KINDS];
	uint64_t ms[TIMEOUT_KINDS]; /* durations; 0: that kind never expires */
};

void timeouts_init(struct timeouts *ts, const uint64_t ms[TIMEOUT_KINDS]);
/* Starts t anew as `kind`, or stops it with TIMEOUT_NONE. A zeroed struct timeout is stopped. */
void timeouts_set(struct timeouts *ts, struct timeout *t, enum timeout_kind kind, int64_t now_ms);
/* When the next one expires, or -1. */
int64_t timeouts_next(const struct timeouts *ts);
/* Takes out one that has expired, its kind left in place for the caller to read; NULL: none. */
struct timeout *timeouts_pop(struct timeouts *ts, int64_t now_ms);

#endif
