/* What workers wrote, the last LOGBOOK_BYTES of it: a ring of numbered lines. */
#include "daemon/master/logbook.h"

#include "common/buf.h"
#include "common/clock.h"
#include "daemon/master/json_text.h"
#include "daemon/master/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LEN_MAX (8 * 1024)
#define LINES_MAX    4096
#define HEAD_LEN     \
	(8 + 8 + 4 + \
	 1) /* of a record: time, generation, slot, whether it is stderr; the text follows */

struct log_line {
	uint64_t seq;
	struct wall time;
	uint64_t generation;
	uint32_t slot;
	enum log_stream stream;
	const char *text;
	size_t len;
};

struct logbook {
	struct ring *ring;
};

struct logbook *logbook_create(void)
{
	struct logbook *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->ring = ring_create("blackbulld-logbook", LOGBOOK_BYTES, LINES_MAX);
	if (!b->ring) {
		free(b);
		return NULL;
	}
	return b;
}

void logbook_destroy(struct logbook *b)
{
	if (!b)
		return;
	ring_destroy(b->ring);
	free(b);
}

static int encode_head(const struct log_line *l, struct buf *out)
{
	int err = buf_add_u64(out, (uint64_t)l->time.ns);

	if (!err)
		err = buf_add_u64(out, l->generation);
	if (!err)
		err = buf_add_u32(out, l->slot);
	if (!err)
		err = buf_add_u8(out, l->stream == LOG_STDERR);
	return err;
}

/* Line `seq`, whose text stays until the next one is added. False: it is not kept. */
static bool line_at(const struct logbook *b, uint64_t seq, struct log_line *l)
{
	size_t len = 0;
	const char *record = ring_at(b->ring, seq, &len);
	struct reader r;
	uint64_t time;
	uint8_t is_stderr;

	reader_init(&r, record, len);
	if (!record || reader_u64(&r, &time) || reader_u64(&r, &l->generation) ||
	    reader_u32(&r, &l->slot) || reader_u8(&r, &is_stderr))
		return false;
	l->seq = seq;
	l->time.ns = (int64_t)time;
	l->stream = is_stderr ? LOG_STDERR : LOG_STDOUT;
	l->text = record + HEAD_LEN;
	l->len = reader_left(&r);
	return true;
}

/* Without memory the line is not kept; it was shown all the same. */
void logbook_add(struct logbook *b, uint64_t generation, uint32_t slot, enum log_stream stream,
		 const char *line, size_t len)
{
	const struct log_line like = {
		.time = wall_now(),
		.generation = generation,
		.slot = slot,
		.stream = stream,
	};
	struct buf head;

	buf_init(&head, SIZE_MAX);
	if (encode_head(&like, &head) == 0) {
		const struct iovec parts[] = {
			{buf_data(&head), buf_len(&head)},
			{(char *)(uintptr_t)line, len < LINE_LEN_MAX ? len : LINE_LEN_MAX},
		};

		(void)!ring_add(b->ring, parts, ARRAY_LEN(parts));
	}
	buf_finish(&head);
}

uint64_t logbook_last_seq(const struct logbook *b)
{
	return ring_last(b->ring);
}

/* Which lines a question is about. */
struct selection {
	uint64_t since;
	uint64_t generation; /* 0: all */
	bool stderr_only;
};

static bool selected(const struct log_line *l, const struct selection *s)
{
	if (s->generation && l->generation != s->generation)
		return false;
	return !s->stderr_only || l->stream == LOG_STDERR;
}

/* Where the last `max` selected lines begin; after the last line when there is none. Looks at the newest first. */
static uint64_t find_start(const struct logbook *b, const struct selection *s, size_t max)
{
	uint64_t seq = logbook_last_seq(b), start = seq + 1;
	struct log_line l;

	for (; max > 0 && seq > s->since && line_at(b, seq, &l); seq--) {
		if (!selected(&l, s))
			continue;
		start = seq;
		max--;
	}
	return start;
}

static json_t *line_to_json(const struct log_line *l)
{
	char time[WALL_RFC3339_LEN];

	return json_pack("{s:I, s:s, s:I, s:I, s:s, s:o}", "seq", (json_int_t)l->seq, "time",
			 wall_format(l->time, time), "generation", (json_int_t)l->generation,
			 "worker", (json_int_t)l->slot, "stream",
			 l->stream == LOG_STDERR ? "stderr" : "stdout", "line",
			 json_text(l->text, l->len));
}

json_t *logbook_lines(const struct logbook *b, uint64_t since, uint64_t generation, size_t max)
{
	const struct selection s = {.since = since, .generation = generation};
	json_t *out = json_array();
	struct log_line l;

	for (uint64_t seq = find_start(b, &s, max); out && line_at(b, seq, &l); seq++) {
		if (selected(&l, &s) && json_array_append_new(out, line_to_json(&l)) < 0) {
			json_decref(out);
			out = NULL;
		}
	}
	return out;
}

char *logbook_tail(const struct logbook *b, uint64_t generation, size_t max)
{
	const struct selection s = {.generation = generation, .stderr_only = true};
	char *text = NULL;
	struct buf joined;
	struct log_line l;
	int err = 0;

	buf_init(&joined, SIZE_MAX);
	for (uint64_t seq = find_start(b, &s, max); !err && line_at(b, seq, &l); seq++) {
		if (!selected(&l, &s))
			continue;
		if (buf_len(&joined) > 0)
			err = buf_add_u8(&joined, '\n');
		if (!err)
			err = buf_add(&joined, l.text, l.len);
	}
	if (!err && buf_len(&joined) > 0)
		text = text_clean(buf_data(&joined), buf_len(&joined));
	buf_finish(&joined);
	return text;
}

json_t *logbook_save(const struct logbook *b, struct handoff_fds *fds)
{
	return ring_save(b->ring, fds);
}

int logbook_restore(struct logbook *b, const json_t *state, struct handoff_fds *fds)
{
	return ring_restore(b->ring, state, fds);
}
