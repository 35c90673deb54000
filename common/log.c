/* Logging: one line a message, to a sink. The only module with mutable state of its own. */
#include "common/log.h"

#include "common/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 8192

static const char ellipsis[] = "...";

static const struct {
	const char *name;
	const char *color;
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", "\033[31m"},
	[LOG_LEVEL_WARN] = {"warn", "\033[33m"},
	[LOG_LEVEL_INFO] = {"info", "\033[32m"},
	[LOG_LEVEL_DEBUG] = {"debug", "\033[2m"},
};

static struct {
	const char *name;
	enum log_level level;
	enum log_format format;
	bool terminal;	   /* stderr is one: short times */
	bool color_wanted; /* NO_COLOR is not set */
	log_sink_fn *sink; /* NULL: stderr */
	void *owner;
} state = {.name = "blackbulld", .level = LOG_LEVEL_INFO};

/* A line being built: what does not fit is dropped, room for "...\"}\n" is always left. */
struct line {
	size_t len;
	char data[LINE_MAX_LEN];
};

void log_init(const char *name, enum log_level level, enum log_format format)
{
	const char *no_color = getenv("NO_COLOR");

	state.name = name;
	state.level = level;
	state.format = format;
	state.color_wanted = !(no_color && *no_color);
	state.terminal = isatty(STDERR_FILENO);
}

void log_set_sink(log_sink_fn *sink, void *owner, bool terminal)
{
	state.sink = sink;
	state.owner = owner;
	state.terminal = terminal;
}

bool log_enabled(enum log_level level)
{
	return level <= state.level;
}

int log_level_parse(const char *s, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(s, levels[i].name) != 0)
			continue;
		*level = (enum log_level)i;
		return 0;
	}
	return -EINVAL;
}

int log_format_parse(const char *s, enum log_format *format)
{
	if (strcmp(s, "text") == 0)
		*format = LOG_FORMAT_TEXT;
	else if (strcmp(s, "json") == 0)
		*format = LOG_FORMAT_JSON;
	else
		return -EINVAL;
	return 0;
}

static void line_add(struct line *l, const char *s, size_t n)
{
	if (n > sizeof(l->data) - l->len)
		n = sizeof(l->data) - l->len;
	memcpy(l->data + l->len, s, n);
	l->len += n;
}

static void line_add_str(struct line *l, const char *s)
{
	line_add(l, s, strlen(s));
}

/* Length of the UTF-8 sequence at s (RFC 3629), or 0 when it is none. */
static size_t utf8_len(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* What stands for the one byte or sequence at s, which may be part of an attack on a terminal. */
static size_t escape(const char *s, enum log_format format, char out[16], size_t *out_len)
{
	unsigned char c = (unsigned char)*s;
	size_t n = utf8_len(s);
	bool json = format == LOG_FORMAT_JSON;
	int len;

	if (json && (c == '"' || c == '\\'))
		len = snprintf(out, 16, "\\%c", c);
	else if (n == 0)
		len = json ? snprintf(out, 16, "\\ufffd") : snprintf(out, 16, "\\x%02x", c);
	else if (c < 0x20 || c == 0x7f)
		len = snprintf(out, 16, json ? "\\u%04x" : "\\x%02x", c);
	else if (c == 0xc2 && (unsigned char)s[1] < 0xa0) /* C1: some terminals obey them */
		len = snprintf(out, 16, "\\u%04x", (unsigned char)s[1]);
	else
		len = snprintf(out, 16, "%.*s", (int)n, s);
	*out_len = (size_t)len;
	return n ? n : 1;
}

static void line_add_escaped(struct line *l, const char *s, enum log_format format)
{
	const size_t limit = sizeof(l->data) - sizeof("...\"}\n");

	while (*s) {
		char text[16];
		size_t n;

		s += escape(s, format, text, &n);
		if (l->len + n > limit) {
			line_add_str(l, ellipsis);
			return;
		}
		line_add(l, text, n);
	}
}

/* The time of day is enough for one who is looking on; a file is read later. */
static const char *time_text(char out[WALL_RFC3339_LEN])
{
	struct wall now = wall_now();

	if (!state.terminal)
		return wall_format(now, out);

	time_t seconds = (time_t)(now.ns / 1000000000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	snprintf(out, WALL_RFC3339_LEN, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(now.ns / 1000000 % 1000));
	return out;
}

static void format_text(struct line *l, enum log_level level, const char *message)
{
	bool color = state.terminal && state.color_wanted;
	char when[WALL_RFC3339_LEN];

	line_add_str(l, time_text(when));
	line_add_str(l, " ");
	line_add_str(l, color ? levels[level].color : "");
	line_add_str(l, levels[level].name);
	line_add_str(l, color ? "\033[0m" : "");
	line_add_str(l, " ");
	line_add_str(l, state.name);
	line_add_str(l, ": ");
	line_add_escaped(l, message, LOG_FORMAT_TEXT);
	line_add_str(l, "\n");
}

static void format_json(struct line *l, enum log_level level, const char *message)
{
	char when[WALL_RFC3339_LEN];

	line_add_str(l, "{\"time\":\"");
	line_add_str(l, wall_format(wall_now(), when));
	line_add_str(l, "\",\"level\":\"");
	line_add_str(l, levels[level].name);
	line_add_str(l, "\",\"name\":\"");
	line_add_escaped(l, state.name, LOG_FORMAT_JSON);
	line_add_str(l, "\",\"message\":\"");
	line_add_escaped(l, message, LOG_FORMAT_JSON);
	line_add_str(l, "\"}\n");
}

static void emit(enum log_level level, const char *message)
{
	struct line l;

	l.len = 0;
	if (state.format == LOG_FORMAT_JSON)
		format_json(&l, level, message);
	else
		format_text(&l, level, message);

	if (state.sink)
		state.sink(state.owner, l.data, l.len);
	else if (write(STDERR_FILENO, l.data, l.len) < 0)
		return; /* nobody is left to be told */
}

void log_write(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	char message[LINE_MAX_LEN];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	emit(level, message);
	errno = saved;
}

void log_write_errno(enum log_level level, int err, const char *fmt, ...)
{
	int saved = errno;
	char message[LINE_MAX_LEN];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	int n = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(message))
		snprintf(message + n, sizeof(message) - (size_t)n, ": %s",
			 strerror(err < 0 ? -err : err));
	emit(level, message);
	errno = saved;
}
