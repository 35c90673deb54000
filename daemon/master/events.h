/*
 * The event stream: numbered, kept in a ring of EVENTS_KEPT, which subscribers are served from, carried across
 * execve(2) so that numbers never repeat and no gap appears.
 */
#ifndef DAEMON_MASTER_EVENTS_H
#define DAEMON_MASTER_EVENTS_H

#include "common/attr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_KEPT 4096

struct events;
struct handoff_fds;
struct ring;

/* The ring has one more event. */
typedef void events_publish_fn(void *owner);

/* `boot_id` is kept by reference: it may be filled in later. NULL when memory runs out. */
struct events *events_create(const char *boot_id);
void events_destroy(struct events *e);
/* Who is told of new events. */
void events_set_publish(struct events *e, events_publish_fn *publish, void *owner);

/* The events as finished JSON objects without newline; record n is event n. */
const struct ring *events_ring(const struct events *e);

/* {"seq","boot_id","time","type",…fields}. Takes `fields` (may be NULL). `type`: change, generation, worker, watch, daemon. */
void events_emit(struct events *e, const char *type, json_t *fields);

uint64_t events_last_seq(const struct events *e);
/*
 * The kept events with a seq above `since`, oldest first, at most `max`: each line is added to the JSON array
 * `out` as an object. *lost says that some after `since` are no longer kept. 0 or -ENOMEM.
 */
int events_since(const struct events *e, uint64_t since, size_t max, json_t *out,
		 bool *lost) BB_NODISCARD;

/* Across execve(2). NULL when memory runs out. */
json_t *events_save(const struct events *e, struct handoff_fds *fds);
/* Before the first event. Returns 0 or -errno: only the numbers go on, if they can be read. */
int events_restore(struct events *e, const json_t *state, struct handoff_fds *fds) BB_NODISCARD;

#endif
