/* Answers to admin requests: the envelope, errors with a message for people, the verdict on a generation. */
#ifndef DAEMON_MASTER_ADMIN_ANSWER_H
#define DAEMON_MASTER_ADMIN_ANSWER_H

#include "common/admin_proto.h"
#include "common/attr.h"
#include "daemon/master/admin.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct generation;
struct master;

/* Takes `result`; NULL is answered as "out of memory". */
void answer_ok(struct master *m, const struct admin_peer *to, json_t *result);
void answer_error(struct master *m, const struct admin_peer *to, enum admin_error code,
		  const char *fmt, ...) BB_PRINTF(4, 5);
/* {"generation": …}: ok, unless it failed or was superseded. */
void answer_verdict(struct master *m, const struct admin_peer *to, const struct generation *g);
/* The same for a generation of which only the record in the history is left; takes it. */
void answer_recorded(struct master *m, const struct admin_peer *to, json_t *record);

/* The live generation or the one that failed last; NULL: neither has this number. */
const struct generation *answer_find(const struct master *m, uint64_t number);
/* What the newest finished attempt came to: the generation that serves, or a later one that failed. NULL: none yet. */
const struct generation *answer_newest_settled(const struct master *m);
/* The highest number in use, 0 before the first. */
uint64_t answer_newest_number(const struct master *m);

/* As many elements as fit into one message, the first or the last ones of the array. Takes it, gives a new reference. */
json_t *answer_fit(json_t *array, bool last_ones);

#endif
