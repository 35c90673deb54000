/* The event stream: a ring of finished lines with numbers that follow each other without a gap. */
#include "daemon/master/events.h"

#include "common/clock.h"
#include "daemon/master/json_text.h"
#include "daemon/master/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_MAX    (16 * 1024)   /* bytes of one event: a change of a whole tree is cut short */
#define EVENTS_BYTES (1024 * 1024) /* of all that are kept */

struct events {
	const char *boot_id;
	events_publish_fn *publish;
	void *owner;
	struct ring *ring; /* record n is event n, a line */
};

struct events *events_create(const char *boot_id)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->boot_id = boot_id;
	e->ring = ring_create("blackbulld-events", EVENTS_BYTES, EVENTS_KEPT);
	if (!e->ring) {
		free(e);
		return NULL;
	}
	return e;
}

void events_destroy(struct events *e)
{
	if (!e)
		return;
	ring_destroy(e->ring);
	free(e);
}

void events_set_publish(struct events *e, events_publish_fn *publish, void *owner)
{
	e->publish = publish;
	e->owner = owner;
}

const struct ring *events_ring(const struct events *e)
{
	return e->ring;
}

/* The finished line, allocated. NULL: no memory. Takes `fields`. */
static char *line_for(const struct events *e, const char *type, json_t *fields)
{
	char now[WALL_RFC3339_LEN];
	json_t *event = json_pack("{s:I, s:s, s:s, s:s}", "seq",
				  (json_int_t)(events_last_seq(e) + 1), "boot_id", e->boot_id,
				  "time", wall_format(wall_now(), now), "type", type);
	char *line = NULL;

	if (event && (!fields || json_object_update_missing(event, fields) == 0))
		line = json_line(event, EVENT_MAX);
	json_decref(event);
	json_decref(fields);
	return line;
}

void events_emit(struct events *e, const char *type, json_t *fields)
{
	char *line = line_for(e, type, fields);
	const struct iovec part = {.iov_base = line, .iov_len = line ? strlen(line) : 0};

	/* Without memory its number goes to the next one: a gap would say that somebody missed it. */
	if (line && ring_add(e->ring, &part, 1) == 0 && e->publish)
		e->publish(e->owner);
	free(line);
}

uint64_t events_last_seq(const struct events *e)
{
	return ring_last(e->ring);
}

int events_since(const struct events *e, uint64_t since, size_t max, json_t *out, bool *lost)
{
	uint64_t first = ring_first(e->ring), last = ring_last(e->ring);
	uint64_t seq = since + 1;

	*lost = seq < first;
	if (*lost)
		seq = first;
	for (; seq > since && seq <= last && max > 0; seq++, max--) {
		size_t len = 0;
		const char *line = ring_at(e->ring, seq, &len);
		json_t *event = json_loadb(line, len, 0, NULL);

		if (json_array_append_new(out, event) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *events_save(const struct events *e, struct handoff_fds *fds)
{
	return ring_save(e->ring, fds);
}

int events_restore(struct events *e, const json_t *state, struct handoff_fds *fds)
{
	return ring_restore(e->ring, state, fds);
}
