/* Ordered lists of deadlines, one a kind. */
#include "daemon/http/timeouts.h"

#include <stddef.h>
#include <string.h>

void timeouts_init(struct timeouts *ts, const uint64_t ms[TIMEOUT_KINDS])
{
	for (int kind = 0; kind < TIMEOUT_KINDS; kind++)
		list_init(&ts->lists[kind]);
	memcpy(ts->ms, ms, sizeof(ts->ms));
}

void timeouts_set(struct timeouts *ts, struct timeout *t, enum timeout_kind kind, int64_t now_ms)
{
	list_remove(&t->link);
	t->kind = kind;
	if (kind == TIMEOUT_NONE || ts->ms[kind] == 0)
		return;
	t->at_ms = now_ms + (int64_t)ts->ms[kind];
	list_push_back(&ts->lists[kind], &t->link);
}

static struct timeout *first_of(const struct timeouts *ts, int kind)
{
	struct list_node *n = list_first(&ts->lists[kind]);

	return n ? list_entry(n, struct timeout, link) : NULL;
}

int64_t timeouts_next(const struct timeouts *ts)
{
	int64_t next = -1;

	for (int kind = 0; kind < TIMEOUT_KINDS; kind++) {
		const struct timeout *t = first_of(ts, kind);

		if (t && (next < 0 || t->at_ms < next))
			next = t->at_ms;
	}
	return next;
}

struct timeout *timeouts_pop(struct timeouts *ts, int64_t now_ms)
{
	for (int kind = 0; kind < TIMEOUT_KINDS; kind++) {
		struct timeout *t = first_of(ts, kind);

		if (t && t->at_ms <= now_ms) {
			list_remove(&t->link);
			return t;
		}
	}
	return NULL;
}
