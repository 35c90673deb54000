/* The event stream: a ring of finished lines with numbers that follow each other without a gap. */
#include "daemon/master/events.h"

#include "common/clock.h"
#include "daemon/master/json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_MAX    (16 * 1024)   /* bytes of one event: a change of a whole tree is cut short */
#define EVENTS_BYTES (1024 * 1024) /* of all that are kept */
#define SAVE_VERSION 1

struct events {
	const char *boot_id;
	events_publish_fn *publish;
	void *owner;
	uint64_t last;		  /* number of the newest, 0 before the first */
	size_t count;		  /* kept: the numbers last - count + 1 … last */
	size_t bytes;		  /* of the kept lines */
	char *lines[EVENTS_KEPT]; /* number n is at n % EVENTS_KEPT */
};

struct events *events_create(const char *boot_id)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e)
		e->boot_id = boot_id;
	return e;
}

static uint64_t oldest(const struct events *e)
{
	return e->last - e->count + 1;
}

static char **line_of(struct events *e, uint64_t seq)
{
	return &e->lines[seq % EVENTS_KEPT];
}

static void drop_oldest(struct events *e)
{
	char **line = line_of(e, oldest(e));

	e->bytes -= strlen(*line);
	free(*line);
	*line = NULL;
	e->count--;
}

void events_destroy(struct events *e)
{
	if (!e)
		return;
	while (e->count > 0)
		drop_oldest(e);
	free(e);
}

void events_set_publish(struct events *e, events_publish_fn *publish, void *owner)
{
	e->publish = publish;
	e->owner = owner;
}

/* Takes the line as number last + 1. */
static void push(struct events *e, char *line, size_t len)
{
	while (e->count > 0 && (e->count == EVENTS_KEPT || e->bytes + len > EVENTS_BYTES))
		drop_oldest(e);
	e->last++;
	*line_of(e, e->last) = line;
	e->count++;
	e->bytes += len;
}

void events_emit(struct events *e, const char *type, json_t *fields)
{
	char now[WALL_RFC3339_LEN];
	json_t *event =
		json_pack("{s:I, s:s, s:s, s:s}", "seq", (json_int_t)(e->last + 1), "boot_id",
			  e->boot_id, "time", wall_format(wall_now(), now), "type", type);
	char *line = NULL;

	if (event && (!fields || json_object_update_missing(event, fields) == 0))
		line = json_line(event, EVENT_MAX);
	json_decref(event);
	json_decref(fields);
	if (!line)
		return; /* its number goes to the next one: a gap would say that somebody missed it */

	size_t len = strlen(line);

	push(e, line, len);
	if (e->publish)
		e->publish(e->owner, line, len);
}

uint64_t events_last_seq(const struct events *e)
{
	return e->last;
}

int events_since(const struct events *e, uint64_t since, size_t max, json_t *out, bool *lost)
{
	uint64_t seq = since + 1;

	*lost = seq < oldest(e);
	if (*lost)
		seq = oldest(e);
	for (; seq > since && seq <= e->last && max > 0; seq++, max--) {
		json_t *event = json_loads(e->lines[seq % EVENTS_KEPT], 0, NULL);

		if (json_array_append_new(out, event) < 0)
			return -ENOMEM;
	}
	return 0;
}

int events_save(const struct events *e, struct buf *out)
{
	/* All the room at once: growing a buffer of a megabyte step by step costs more than filling it. */
	int err = buf_reserve(out, 16 + e->bytes + e->count * sizeof(uint32_t));

	if (!err)
		err = buf_add_u8(out, SAVE_VERSION);
	if (!err)
		err = buf_add_u64(out, e->last);
	if (!err)
		err = buf_add_u32(out, (uint32_t)e->count);
	for (uint64_t seq = oldest(e); !err && seq <= e->last; seq++) {
		const char *line = e->lines[seq % EVENTS_KEPT];
		size_t len = strlen(line);

		err = buf_add_u32(out, (uint32_t)len);
		if (!err)
			err = buf_add(out, line, len);
	}
	return err;
}

/* The next saved line. 0, -EBADMSG or -ENOMEM. */
static int read_line(struct reader *r, char **line, size_t *len)
{
	uint32_t n;
	const void *data;

	if (reader_u32(r, &n) || reader_bytes(r, &data, n) || memchr(data, '\0', n))
		return -EBADMSG;
	*line = strndup(data, n);
	*len = n;
	return *line ? 0 : -ENOMEM;
}

int events_restore(struct events *e, const void *data, size_t len)
{
	struct reader r;
	uint8_t version;
	uint64_t last;
	uint32_t count;

	reader_init(&r, data, len);
	if (reader_u8(&r, &version) || version != SAVE_VERSION || reader_u64(&r, &last) ||
	    reader_u32(&r, &count) || count > last || count > EVENTS_KEPT)
		return -EBADMSG;
	while (e->count > 0)
		drop_oldest(e);
	/* The numbers go on even if a line cannot be read: then the lines before it count as lost. */
	e->last = last - count;
	for (uint64_t left = count; left > 0; left--) {
		char *line;
		size_t line_len;
		int err = read_line(&r, &line, &line_len);

		if (err) {
			while (e->count > 0)
				drop_oldest(e);
			e->last = last;
			return err;
		}
		push(e, line, line_len);
	}
	return 0;
}
