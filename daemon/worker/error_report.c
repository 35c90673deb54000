/* Why a generation does not serve, in three formats. */
#include "daemon/worker/error_report.h"

#include "daemon/worker/escape.h"
#include "daemon/worker/page.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define TITLE "This code does not run yet"
#define HINT  "Save a fix, and the next answer comes from it."

/*
 * The next element of a list, without white space around it. Commas in quoted strings do not occur
 * in Accept.
 */
static bool next_element(const char **at, const char *end, char separator, const char **s,
			 size_t *len)
{
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, separator, (size_t)(end - *at));
	if (!stop)
		stop = end;
	*s = *at;
	*at = stop + 1;
	while (*s < stop && strchr(" \t", **s))
		(*s)++;
	while (stop > *s && strchr(" \t", stop[-1]))
		stop--;
	*len = (size_t)(stop - *s);
	return true;
}

/* A weight in thousandths (§12.4.2): "q=0.5" is 500. What is no weight counts as a full one. */
static int weight_parse(const char *s, size_t len)
{
	int weight = 0, unit = 100;

	if (len < 3 || strncasecmp(s, "q=", 2) != 0 || s[2] != '0')
		return 1000;
	for (size_t i = 4; i < len && unit > 0; i++, unit /= 10) {
		if (s[i] < '0' || s[i] > '9')
			break;
		weight += (s[i] - '0') * unit;
	}
	return weight;
}

/* The greatest weight that the field gives to the type by name; 0: it is not wanted. */
static int weight_of(const char *accept, size_t len, const char *type)
{
	const char *at = accept, *end = accept + len, *item;
	size_t item_len;
	int best = 0;

	while (next_element(&at, end, ',', &item, &item_len)) {
		const char *part_at = item, *part;
		size_t part_len;
		int weight = 1000;

		if (!next_element(&part_at, item + item_len, ';', &part, &part_len) ||
		    part_len != strlen(type) || strncasecmp(part, type, part_len) != 0)
			continue;
		while (next_element(&part_at, item + item_len, ';', &part, &part_len))
			if (part_len > 1 && strncasecmp(part, "q=", 2) == 0)
				weight = weight_parse(part, part_len);
		if (weight > best)
			best = weight;
	}
	return best;
}

enum report_format report_format_choose(const char *accept, size_t len)
{
	int html = weight_of(accept, len, "text/html");
	int json = weight_of(accept, len, "application/json");
	int text = weight_of(accept, len, "text/plain");

	if (html > 0 && html >= json && html >= text)
		return REPORT_HTML;
	if (json > 0 && json >= text)
		return REPORT_JSON;
	return REPORT_TEXT;
}

const char *report_format_type(enum report_format f)
{
	switch (f) {
	case REPORT_TEXT:
		return "text/plain; charset=utf-8";
	case REPORT_HTML:
		return PAGE_TYPE;
	case REPORT_JSON:
		return "application/json";
	}
	return "application/octet-stream";
}

/* before, s escaped, after; nothing at all without s. */
static int add_html(struct buf *out, const char *before, const char *s, const char *after)
{
	int err;

	if (!s)
		return 0;
	err = buf_add_str(out, before);
	if (!err)
		err = escape_html(out, s, strlen(s));
	if (!err)
		err = buf_add_str(out, after);
	return err;
}

static int render_html(const struct error_report *r, struct buf *out)
{
	int err = page_begin(out, TITLE);

	if (!err)
		err = add_html(out, "<p class=\"mark\">", r->message, "</p>\n");
	if (!err && r->file)
		err = add_html(out, "<p><code>", r->file, "");
	if (!err && r->file && r->line)
		err = buf_printf(out, ":%" PRIu32, r->line);
	if (!err && r->file)
		err = buf_add_str(out, "</code></p>\n");
	if (!err)
		err = add_html(out, "<pre>", r->detail, "</pre>\n");
	if (!err)
		err = buf_printf(out, "<p class=\"quiet\">Generation %" PRIu64 " failed",
				 r->generation);
	if (!err)
		err = add_html(out, " at: ", r->stage, "");
	if (!err)
		err = buf_add_str(out, ". " HINT "</p>\n");
	if (!err)
		err = page_end(out);
	return err;
}

static int add_line(struct buf *out, const char *s)
{
	return s ? buf_printf(out, "%s\n", s) : 0;
}

static int render_text(const struct error_report *r, struct buf *out)
{
	int err = buf_printf(out, "generation %" PRIu64 " failed%s%s\n\n", r->generation,
			     r->stage ? " at: " : "", r->stage ? r->stage : "");

	if (!err)
		err = add_line(out, r->message);
	if (!err && r->file && r->line)
		err = buf_printf(out, "%s:%" PRIu32 "\n", r->file, r->line);
	else if (!err)
		err = add_line(out, r->file);
	if (!err && r->detail)
		err = buf_printf(out, "\n%s%s", r->detail,
				 *r->detail && r->detail[strlen(r->detail) - 1] == '\n' ? ""
											: "\n");
	if (!err)
		err = buf_add_str(out, "\n" HINT "\n");
	return err;
}

static int add_json(struct buf *out, const char *key, const char *s)
{
	int err = buf_printf(out, "\"%s\":%s", key, s ? "\"" : "null");

	if (!err && s)
		err = escape_json(out, s, strlen(s));
	if (!err)
		err = buf_add_str(out, s ? "\"," : ",");
	return err;
}

static int render_json(const struct error_report *r, struct buf *out)
{
	int err = buf_printf(out, "{\"generation\":%" PRIu64 ",\"error\":{", r->generation);

	if (!err)
		err = add_json(out, "stage", r->stage);
	if (!err)
		err = add_json(out, "message", r->message);
	if (!err)
		err = add_json(out, "file", r->file);
	if (!err)
		err = add_json(out, "detail", r->detail);
	if (!err)
		err = r->line ? buf_printf(out, "\"line\":%" PRIu32 "}}\n", r->line)
			      : buf_add_str(out, "\"line\":null}}\n");
	return err;
}

int error_report_render(const struct error_report *r, enum report_format f, struct buf *out)
{
	switch (f) {
	case REPORT_TEXT:
		return render_text(r, out);
	case REPORT_HTML:
		return render_html(r, out);
	case REPORT_JSON:
		return render_json(r, out);
	}
	return 0;
}
