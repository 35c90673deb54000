/*
 * One line a finished request. Made by hand, not by printf(3): it is a part of every request's
 * time.
 */
#include "daemon/worker/access_log.h"

#include "daemon/worker/escape.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define TARGET_MAX 3000 /* bytes shown of a target; a line stays within PIPE_BUF then */

static int add_number(struct buf *out, uint64_t n)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return buf_add(out, text + at, sizeof(text) - at);
}

/* Milliseconds with one decimal. */
static int add_ms(struct buf *out, double seconds)
{
	uint64_t tenths = seconds > 0 ? (uint64_t)(seconds * 10000 + 0.5) : 0;
	int err = add_number(out, tenths / 10);

	if (!err)
		err = buf_add(out, ".", 1);
	if (!err)
		err = add_number(out, tenths % 10);
	return err;
}

static int add_target(struct buf *out, struct http_str s)
{
	bool cut = s.len > TARGET_MAX;
	int err = escape_log(out, s.p, cut ? TARGET_MAX : s.len);

	if (!err && cut)
		err = buf_add_str(out, "...");
	return err;
}

static int format_text(const struct http_access *a, struct buf *out)
{
	int err = buf_add_str(out, a->client && *a->client ? a->client : "-");

	if (!err)
		err = buf_add_str(out, " \"");
	if (!err)
		err = escape_log(out, a->method.p, a->method.len);
	if (!err)
		err = buf_add(out, " ", 1);
	if (!err)
		err = add_target(out, a->target);
	if (!err)
		err = buf_add_str(out, a->minor == 0 ? " HTTP/1.0\" " : " HTTP/1.1\" ");
	if (!err)
		err = add_number(out, (uint64_t)a->status);
	if (!err)
		err = buf_add(out, " ", 1);
	if (!err)
		err = add_number(out, a->bytes);
	if (!err)
		err = buf_add(out, " ", 1);
	if (!err)
		err = add_ms(out, a->seconds);
	if (!err)
		err = buf_add_str(out, "ms\n");
	return err;
}

/* "key":"value" with a comma behind it. */
static int add_json(struct buf *out, const char *key, struct http_str value)
{
	int err = buf_add_str(out, key);

	if (!err)
		err = escape_json(out, value.p, value.len < TARGET_MAX ? value.len : TARGET_MAX);
	if (!err)
		err = buf_add_str(out, "\",");
	return err;
}

static int format_json(const struct http_access *a, struct wall now, struct buf *out)
{
	const char *client = a->client ? a->client : "";
	char time[WALL_RFC3339_LEN];
	int err = buf_printf(out, "{\"time\":\"%s\",\"level\":\"info\",\"name\":\"access\",",
			     wall_format(now, time));

	if (!err)
		err = add_json(out, "\"client\":\"", (struct http_str){client, strlen(client)});
	if (!err)
		err = add_json(out, "\"method\":\"", a->method);
	if (!err)
		err = add_json(out, "\"target\":\"", a->target);
	if (!err)
		err = buf_printf(out,
				 "\"http\":\"1.%d\",\"status\":%d,\"bytes\":%" PRIu64 ",\"ms\":",
				 a->minor, a->status, a->bytes);
	if (!err)
		err = add_ms(out, a->seconds);
	if (!err)
		err = buf_add_str(out, "}\n");
	return err;
}

int access_log_format(const struct http_access *a, enum log_format format, struct wall now,
		      struct buf *out)
{
	return format == LOG_FORMAT_JSON ? format_json(a, now, out) : format_text(a, out);
}

void access_log_init(struct access_log *l, struct ev_loop *loop, enum log_format format)
{
	line_output_init(&l->out, loop, STDOUT_FILENO);
	l->format = format;
	buf_init(&l->line, LINE_OUTPUT_MAX);
}

void access_log_finish(struct access_log *l)
{
	line_output_finish(&l->out);
	buf_finish(&l->line);
}

void access_log_add(struct access_log *l, const struct http_access *a)
{
	struct wall now = l->format == LOG_FORMAT_JSON ? wall_now() : (struct wall){0};
	uint64_t dropped = line_output_take_dropped(&l->out);

	if (dropped > 0)
		log_warn("access log: %" PRIu64 " lines dropped, as nobody read them", dropped);
	if (access_log_format(a, l->format, now, &l->line) == 0)
		line_output_add(&l->out, buf_data(&l->line), buf_len(&l->line));
	buf_consume(&l->line, buf_len(&l->line));
}
