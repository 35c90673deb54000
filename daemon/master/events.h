/*
 * The event stream: numbered, kept in a ring of EVENTS_KEPT, published to subscribers, carried across
 * execve(2) as finished lines so that numbers never repeat and no gap appears.
 */
#ifndef DAEMON_MASTER_EVENTS_H
#define DAEMON_MASTER_EVENTS_H

#include "common/attr.h"
#include "common/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_KEPT 4096

struct events;

/* Takes one finished JSON object, without newline. */
typedef void events_publish_fn(void *owner, const char *line, size_t len);

/* `boot_id` is kept by reference: it may be filled in later. NULL when memory runs out. */
struct events *events_create(const char *boot_id);
void events_destroy(struct events *e);
/* Where new events go, besides the ring. */
void events_set_publish(struct events *e, events_publish_fn *publish, void *owner);

/* {"seq","boot_id","time","type",…fields}. Takes `fields` (may be NULL). `type`: change, generation, worker, watch, daemon. */
void events_emit(struct events *e, const char *type, json_t *fields);

uint64_t events_last_seq(const struct events *e);
/*
 * The kept events with a seq above `since`, oldest first, at most `max`: each line is added to the JSON array
 * `out` as an object. *lost says that some after `since` are no longer kept. 0 or -ENOMEM.
 */
int events_since(const struct events *e, uint64_t since, size_t max, json_t *out,
		 bool *lost) BB_NODISCARD;

int events_save(const struct events *e, struct buf *out) BB_NODISCARD;
int events_restore(struct events *e, const void *data, size_t len) BB_NODISCARD;

#endif
