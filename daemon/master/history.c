/* What became of generations: an append-only file of JSON lines, and the same lines in memory. */
#include "daemon/master/history.h"

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/path.h"
#include "daemon/master/generation.h"
#include "daemon/master/json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX     (16 * 1024)	  /* bytes of one line */
#define FILE_BYTES_MAX (64 * 1024 * 1024) /* a longer file was not written by us */
#define REWRITE_EVERY  500 /* generations, of two lines each: the file has 2,000 lines at most */
#define PREFIX	       "{\"number\":" /* every line begins so: its number is found without parsing JSON */

struct record {
	uint64_t number;
	char *line; /* without its newline */
};

struct history {
	char *path; /* NULL: in memory only */
	int fd;	    /* for appending; -1 without a file */
	bool loaded; /* `records` is complete: not before somebody asks, since every image begins anew */
	bool torn;     /* the file ends within a line */
	bool reported; /* that the disk fails */
	size_t count;
	struct record records[HISTORY_KEPT]; /* by number, ascending */
};

/* Where `number` is or belongs. Looks from the end, where new ones are. */
static size_t place_of(const struct history *h, uint64_t number)
{
	size_t i = h->count;

	while (i > 0 && h->records[i - 1].number >= number)
		i--;
	return i;
}

static bool is_at(const struct history *h, size_t i, uint64_t number)
{
	return i < h->count && h->records[i].number == number;
}

static void forget_oldest(struct history *h)
{
	free(h->records[0].line);
	h->count--;
	memmove(h->records, h->records + 1, h->count * sizeof(h->records[0]));
}

/* Takes the line; an older one of the same number goes, else the oldest if there are too many. */
static void keep(struct history *h, uint64_t number, char *line)
{
	size_t i = place_of(h, number);

	if (is_at(h, i, number)) {
		free(h->records[i].line);
		h->records[i].line = line;
		return;
	}
	if (h->count == HISTORY_KEPT) {
		if (i == 0) {
			free(line);
			return;
		}
		forget_oldest(h);
		i--;
	}
	memmove(h->records + i + 1, h->records + i, (h->count - i) * sizeof(h->records[0]));
	h->records[i] = (struct record){number, line};
	h->count++;
}

/* Whether the bytes are one object, braces closed, not the torn beginning of one. */
static bool is_whole_object(const char *s, size_t len)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < 0x20)
			return false;
		if (in_string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			in_string = !in_string;
		else if (!in_string && s[i] == '{')
			depth++;
		else if (!in_string && s[i] == '}' && --depth == 0)
			return i == len - 1;
	}
	return false;
}

/* The number that a line begins with, 0 if it is no line of ours. */
static uint64_t number_of(const char *line, size_t len)
{
	char digits[24];
	const char *p = line + strlen(PREFIX);
	uint64_t number;

	if (len < strlen(PREFIX) || memcmp(line, PREFIX, strlen(PREFIX)) != 0)
		return 0;

	size_t n = strspn(p, "0123456789");

	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, p, n);
	digits[n] = '\0';
	return parse_uint(digits, 1, INT64_MAX, &number) == 0 ? number : 0;
}

/* Lines that are torn or not ours are passed over; the rewriting of the file leaves them out. */
static int load_line(struct history *h, const char *line, size_t len)
{
	uint64_t number = number_of(line, len);

	if (number == 0 || !is_whole_object(line, len))
		return 0;

	char *copy = strndup(line, len);

	if (!copy)
		return -ENOMEM;
	keep(h, number, copy);
	return 0;
}

static int read_lines(struct history *h)
{
	char *data;
	size_t len;
	int err = fd_read_file(h->path, FILE_BYTES_MAX, &data, &len);

	if (err)
		return err == -ENOENT ? 0 : err;

	const char *end = data + len;

	for (const char *line = data; line < end && !err;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;

		err = load_line(h, line, (size_t)(stop - line));
		line = stop + 1;
	}
	free(data);
	return err;
}

static void report(struct history *h, int err)
{
	if (err && !h->reported)
		log_warn_errno(err, "history \"%s\": generations are remembered in memory alone",
			       h->path);
	h->reported = err != 0;
}

static void load(struct history *h)
{
	if (h->loaded)
		return;
	h->loaded = true;
	report(h, read_lines(h));
}

static int open_file(struct history *h)
{
	int fd = open(h->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	char last = '\n';

	if (fd < 0)
		return -errno;
	fd_close(&h->fd);
	h->fd = fd;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		(void)!pread(fd, &last, 1, st.st_size - 1);
	h->torn = last != '\n';
	return 0;
}

static int open_in(struct history *h, const char *dir)
{
	char path[PATH_MAX];
	int err = path_join(path, sizeof(path), dir, "history.jsonl");

	if (err)
		return err;
	h->path = strdup(path);
	return h->path ? open_file(h) : -ENOMEM;
}

int history_open(struct history **h, const char *dir)
{
	struct history *new = calloc(1, sizeof(*new));
	int err = 0;

	if (!new)
		return -ENOMEM;
	new->fd = -1;
	new->loaded = dir == NULL;
	if (dir)
		err = open_in(new, dir);
	if (err) {
		history_close(new);
		return err;
	}
	*h = new;
	return 0;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++)
		free(h->records[i].line);
	fd_close(&h->fd);
	free(h->path);
	free(h);
}

uint64_t history_last_number(struct history *h)
{
	load(h);
	return h->count ? h->records[h->count - 1].number : 0;
}

/* One write(2), so that a kill between two instructions cannot tear a line. */
static int append(struct history *h, const char *line)
{
	struct buf out;
	int err;

	buf_init(&out, SIZE_MAX);
	err = buf_printf(&out, "%s%s\n", h->torn ? "\n" : "", line);
	if (!err) {
		ssize_t n = write(h->fd, buf_data(&out), buf_len(&out));

		err = n < 0 ? -errno : (size_t)n < buf_len(&out) ? -ENOSPC : 0;
		h->torn = err != 0;
	}
	buf_finish(&out);
	return err;
}

/* Writes what is kept to a new file in the place of the old. */
static int rewrite(struct history *h)
{
	struct buf out;
	int err = 0;

	load(h);
	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < h->count && !err; i++)
		err = buf_printf(&out, "%s\n", h->records[i].line);
	if (!err)
		err = fd_replace_file(h->path, buf_data(&out), buf_len(&out), 0600);
	if (!err)
		err = open_file(h);
	buf_finish(&out);
	return err;
}

/* NULL when memory runs out. */
static char *line_for(const struct generation *g)
{
	json_t *fields = generation_to_json(g);
	json_t *record = json_pack("{s:I}", "number", (json_int_t)g->number);
	char *line = NULL;

	if (fields && record && json_object_update_missing(record, fields) == 0)
		line = json_line(record, RECORD_MAX);
	json_decref(record);
	json_decref(fields);
	return line;
}

void history_record(struct history *h, const struct generation *g)
{
	char *line = line_for(g);
	int err = 0;

	if (!line)
		return;
	if (h->fd >= 0)
		err = append(h, line);
	if (err)
		load(h);
	if (h->loaded)
		keep(h, g->number, line);
	else
		free(line);
	if (h->fd >= 0 && g->number % REWRITE_EVERY == 0)
		err = rewrite(h);
	if (h->path)
		report(h, err);
}

json_t *history_list(struct history *h)
{
	json_t *out = json_array();

	load(h);
	for (size_t i = 0; out && i < h->count; i++) {
		json_t *g = json_loads(h->records[i].line, 0, NULL);

		if (g && json_array_append_new(out, g) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

json_t *history_find(struct history *h, uint64_t number)
{
	size_t i;

	load(h);
	i = place_of(h, number);
	return is_at(h, i, number) ? json_loads(h->records[i].line, 0, NULL) : NULL;
}
