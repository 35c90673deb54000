/* What workers wrote, the last LOGBOOK_BYTES of it: a list of numbered lines. */
#include "daemon/master/logbook.h"

#include "common/clock.h"
#include "common/list.h"
#include "daemon/master/json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LEN_MAX (8 * 1024)
#define SAVE_VERSION 1

struct log_line {
	struct list_node link; /* logbook.lines */
	uint64_t seq;
	struct wall time;
	uint64_t generation;
	uint32_t slot;
	enum log_stream stream;
	size_t len;
	char text[];
};

struct logbook {
	struct list lines; /* struct log_line, oldest first */
	size_t bytes;	   /* that they take, headers included */
	uint64_t last;	   /* number of the newest, 0 before the first */
};

struct logbook *logbook_create(void)
{
	struct logbook *b = calloc(1, sizeof(*b));

	if (b)
		list_init(&b->lines);
	return b;
}

static size_t line_size(const struct log_line *l)
{
	return sizeof(*l) + l->len;
}

static void drop(struct logbook *b, struct log_line *l)
{
	b->bytes -= line_size(l);
	list_remove(&l->link);
	free(l);
}

static void drop_all(struct logbook *b)
{
	list_for_each(l, &b->lines, struct log_line, link)
		drop(b, l);
}

void logbook_destroy(struct logbook *b)
{
	if (!b)
		return;
	drop_all(b);
	free(b);
}

/* A copy of `like`'s fields with `text`, at the end; the oldest make room. Returns 0 or -ENOMEM. */
static int append(struct logbook *b, const struct log_line *like, const void *text, size_t len)
{
	struct log_line *l = malloc(sizeof(*l) + len);

	if (!l)
		return -ENOMEM;
	*l = *like;
	l->link = (struct list_node){0};
	l->len = len;
	memcpy(l->text, text, len);
	while (!list_empty(&b->lines) && b->bytes + line_size(l) > LOGBOOK_BYTES)
		drop(b, list_entry(list_first(&b->lines), struct log_line, link));
	list_push_back(&b->lines, &l->link);
	b->bytes += line_size(l);
	b->last = l->seq;
	return 0;
}

void logbook_add(struct logbook *b, uint64_t generation, uint32_t slot, enum log_stream stream,
		 const char *line, size_t len)
{
	const struct log_line like = {
		.seq = b->last + 1,
		.time = wall_now(),
		.generation = generation,
		.slot = slot,
		.stream = stream,
	};

	/* Without memory the line is not kept; it was shown all the same. */
	(void)append(b, &like, line, len < LINE_LEN_MAX ? len : LINE_LEN_MAX);
}

uint64_t logbook_last_seq(const struct logbook *b)
{
	return b->last;
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

/* Where the last `max` selected lines begin; the list's head when there is none. Looks at the newest first. */
static const struct list_node *find_start(const struct logbook *b, const struct selection *s,
					  size_t max)
{
	const struct list_node *start = &b->lines.head;

	for (const struct list_node *n = start->prev; n != &b->lines.head && max > 0; n = n->prev) {
		const struct log_line *l = list_entry(n, struct log_line, link);

		if (l->seq <= s->since)
			break;
		if (!selected(l, s))
			continue;
		start = n;
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

	for (const struct list_node *n = find_start(b, &s, max); out && n != &b->lines.head;
	     n = n->next) {
		const struct log_line *l = list_entry(n, struct log_line, link);

		if (selected(l, &s) && json_array_append_new(out, line_to_json(l)) < 0) {
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
	int err = 0;

	buf_init(&joined, SIZE_MAX);
	for (const struct list_node *n = find_start(b, &s, max); !err && n != &b->lines.head;
	     n = n->next) {
		const struct log_line *l = list_entry(n, struct log_line, link);

		if (!selected(l, &s))
			continue;
		if (buf_len(&joined) > 0)
			err = buf_add_u8(&joined, '\n');
		if (!err)
			err = buf_add(&joined, l->text, l->len);
	}
	if (!err && buf_len(&joined) > 0)
		text = text_clean(buf_data(&joined), buf_len(&joined));
	buf_finish(&joined);
	return text;
}

static int save_line(const struct log_line *l, struct buf *out)
{
	int err = buf_add_u64(out, l->seq);

	if (!err)
		err = buf_add_u64(out, (uint64_t)l->time.ns);
	if (!err)
		err = buf_add_u64(out, l->generation);
	if (!err)
		err = buf_add_u32(out, l->slot);
	if (!err)
		err = buf_add_u8(out, l->stream == LOG_STDERR);
	if (!err)
		err = buf_add_u32(out, (uint32_t)l->len);
	if (!err)
		err = buf_add(out, l->text, l->len);
	return err;
}

int logbook_save(const struct logbook *b, struct buf *out)
{
	/* The headers in memory are longer than those that are written. */
	int err = buf_reserve(out, 16 + b->bytes);

	if (!err)
		err = buf_add_u8(out, SAVE_VERSION);
	if (!err)
		err = buf_add_u64(out, b->last);
	list_for_each(l, &b->lines, struct log_line, link)
		err = err ? err : save_line(l, out);
	return err;
}

static int restore_line(struct logbook *b, struct reader *r)
{
	struct log_line like = {0};
	uint64_t time;
	uint32_t len;
	uint8_t is_stderr;
	const void *text;

	if (reader_u64(r, &like.seq) || reader_u64(r, &time) || reader_u64(r, &like.generation) ||
	    reader_u32(r, &like.slot) || reader_u8(r, &is_stderr) || reader_u32(r, &len) ||
	    reader_bytes(r, &text, len) || like.seq <= b->last || len > LINE_LEN_MAX)
		return -EBADMSG;
	like.time.ns = (int64_t)time;
	like.stream = is_stderr ? LOG_STDERR : LOG_STDOUT;
	return append(b, &like, text, len);
}

int logbook_restore(struct logbook *b, const void *data, size_t len)
{
	struct reader r;
	uint8_t version;
	uint64_t last;

	reader_init(&r, data, len);
	if (reader_u8(&r, &version) || version != SAVE_VERSION || reader_u64(&r, &last))
		return -EBADMSG;
	drop_all(b);
	b->last = 0;

	int err = 0;

	while (!err && reader_left(&r) > 0)
		err = restore_line(b, &r);
	/* What was read stays; the numbers go on in any case. */
	if (b->last < last)
		b->last = last;
	return err;
}
