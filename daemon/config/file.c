/* Settings from blackbulld.conf: INI as libinih reads it, with every mistake named by its line. */
#include "daemon/config/settings.h"

#include "daemon/config/fail.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#define SECTION	   "blackbulld"
#define LINE_SIZE  1024 /* for builds of libinih with longer lines than its usual 200 */
#define WHERE_SIZE 256

struct file_reader {
	struct settings *settings;
	struct config_error *e;
	const char *name;
	const char *next; /* what is not read yet */
	const char *end;
	unsigned line; /* of the last line that was read */
	int rc;	       /* the first error; *e is set */
	char where[WHERE_SIZE];
};

/* "blackbulld.conf:3", until the next call. */
static const char *where(struct file_reader *r)
{
	snprintf(r->where, sizeof(r->where), "%.200s:%u", r->name, r->line);
	return r->where;
}

/*
 * fgets(3) over memory, for libinih. Leading blanks are dropped: it would take an indented "key = value" as
 * more of the value above. Lines that do not fit would come back in pieces, so they are errors.
 */
static char *read_line(char *out, int size, void *stream)
{
	struct file_reader *r = stream;
	const char *newline, *stop;

	if (r->rc || r->next == r->end)
		return NULL;
	newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
	stop = newline ? newline : r->end;
	r->line++;
	while (r->next < stop && (*r->next == ' ' || *r->next == '\t'))
		r->next++;
	size = size < LINE_SIZE ? size : LINE_SIZE;
	if (stop - r->next + 2 > size) {
		r->rc = config_fail(r->e, CONFIG_STATUS_USAGE,
				    "%s: the line is longer than %d bytes", where(r), size - 2);
		return NULL;
	}
	if (memchr(r->next, '\0', (size_t)(stop - r->next))) {
		r->rc = config_fail(r->e, CONFIG_STATUS_USAGE,
				    "%s: the line holds a NUL byte; is this a text file?",
				    where(r));
		return NULL;
	}
	snprintf(out, (size_t)size, "%.*s\n", (int)(stop - r->next), r->next);
	r->next = newline ? newline + 1 : r->end;
	return out;
}

/* Takes away the quotes of a value that is quoted as a whole; a command's are words_split()'s. */
static const char *unquote(const struct option_def *o, const char *value, char out[LINE_SIZE])
{
	size_t len = strlen(value);
	bool quoted = len >= 2 && (value[0] == '"' || value[0] == '\'') &&
		      strchr(value + 1, value[0]) == value + len - 1;

	if (!quoted || strcmp(o->name, "command") == 0)
		return value;
	snprintf(out, LINE_SIZE, "%.*s", (int)(len - 2), value + 1);
	return out;
}

static int fail_key(struct file_reader *r, const char *key)
{
	const char *near = option_nearest(key, true);

	if (near)
		return config_fail(r->e, CONFIG_STATUS_USAGE,
				   "%s: unknown key \"%s\"; did you mean \"%s\"?", where(r), key,
				   near);
	return config_fail(r->e, CONFIG_STATUS_USAGE,
			   "%s: unknown key \"%s\"; the long options of blackbulld are the keys",
			   where(r), key);
}

static int set_option(struct file_reader *r, const struct option_def *o, const char *key,
		      const char *value, bool negated)
{
	char option[WHERE_SIZE + LINE_SIZE], text[LINE_SIZE];
	unsigned *line = &r->settings->given[option_index(o)].line;
	int rc;

	if (*line && !o->separator)
		return config_fail(r->e, CONFIG_STATUS_USAGE,
				   "%s: \"%s\" was given in line %u already", where(r), key, *line);
	snprintf(option, sizeof(option), "%s: %s", where(r), key);
	rc = settings_set(r->settings, o, SOURCE_FILE, option, unquote(o, value, text), negated,
			  r->e);
	if (rc == 0)
		*line = r->line;
	return rc;
}

static int set_key(struct file_reader *r, const char *section, const char *key, const char *value)
{
	const struct option_def *o;
	bool negated;

	if (section[0] && strcmp(section, SECTION) != 0)
		return config_fail(r->e, CONFIG_STATUS_USAGE,
				   "%s: unknown section [%s]; there is only [" SECTION "]",
				   where(r), section);
	o = option_find(key, &negated);
	return o && option_in_file(o) ? set_option(r, o, key, value, negated) : fail_key(r, key);
}

/* For libinih: 1 is success. It reads on after an error, which is of no use any more. */
static int handle_key(void *owner, const char *section, const char *key, const char *value)
{
	struct file_reader *r = owner;

	if (r->rc == 0)
		r->rc = set_key(r, section, key, value);
	return r->rc == 0;
}

int settings_read_file(struct settings *s, const char *name, const char *text, size_t len,
		       struct config_error *e)
{
	struct file_reader r = {
		.settings = s, .e = e, .name = name, .next = text, .end = text + len};
	int bad_line = ini_parse_stream(read_line, &r, handle_key, &r);

	if (r.rc == 0 && bad_line > 0) {
		r.line = (unsigned)bad_line;
		r.rc = config_fail(e, CONFIG_STATUS_USAGE,
				   "%s: expected \"key = value\", as in \"reload = yes\"",
				   where(&r));
	} else if (r.rc == 0 && bad_line < 0) {
		r.rc = config_no_memory(e);
	}
	return r.rc;
}
