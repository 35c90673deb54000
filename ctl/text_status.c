/* `status` as text: who serves, since when, what is watched, what failed last. */
#include "ctl/member.h"
#include "ctl/text.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 16 /* with the indent before it */

static void put_label(FILE *out, const struct style *s, const char *label)
{
	fputs("  ", out);
	text_color(out, s, TEXT_DIM);
	fprintf(out, "%-*s", LABEL_WIDTH - 2, label);
	text_color(out, s, TEXT_PLAIN);
}

/* " 12:03:55 (2 min ago)" */
static void put_time(FILE *out, const struct style *s, const char *rfc3339)
{
	char when[TEXT_LEN], ago[TEXT_LEN];
	struct wall t;

	fprintf(out, " %s", text_time(when, rfc3339, s->now));
	if (wall_parse(rfc3339, &t) == 0)
		fprintf(out, " (%s ago)", text_duration(ago, (double)(s->now.ns - t.ns) / 1e6));
}

/* "generation 7 since 12:03:55 (2 min ago)", or what it is doing instead of serving. */
static void put_generation(FILE *out, const struct style *s, const json_t *generation)
{
	const char *served = member_string(generation, "served_at", "");

	fprintf(out, "generation %" JSON_INTEGER_FORMAT, member_integer(generation, "number"));
	if (*served) {
		fputs(" since", out);
		put_time(out, s, served);
	} else {
		fputs(", ", out);
		text_put(out, member_string(generation, "state", "?"));
	}
}

static void put_word(FILE *out, const struct style *s, const char *word, const char *state)
{
	text_color(out, s, text_state_color(state));
	text_put(out, word);
	text_color(out, s, TEXT_PLAIN);
}

/* Whether the newest generation failed and an older one goes on, or nothing but the error is there. */
static void put_failed(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *generation = json_object_get(status, "generation");

	fputs(" has ", out);
	put_word(out, s, "failed", "failed");
	if (strcmp(member_string(generation, "state", ""), "serving") == 0) {
		fputs(" to reload; still serving ", out);
		put_generation(out, s, generation);
	} else if (strcmp(member_string(status, "handover", ""), "fresh") == 0) {
		fputs("; requests are answered with the error", out);
	} else {
		fputs("; nothing is served", out);
	}
}

/* "is serving, generation 7 since …", with the word that matters in its colour. */
static void put_state(FILE *out, const struct style *s, const json_t *status)
{
	const char *state = member_string(status, "state", "in no known state");
	const json_t *generation = json_object_get(status, "generation");

	if (strcmp(state, "failed") == 0) {
		put_failed(out, s, status);
		return;
	}
	fputs(" is ", out);
	if (strcmp(state, "paused") == 0) {
		put_word(out, s, "serving", "serving");
		fputs(", reloading is ", out);
	}
	put_word(out, s, state, state);
	if (json_is_object(generation)) {
		fputs(", ", out);
		put_generation(out, s, generation);
	}
}

static void put_headline(FILE *out, const struct style *s, const json_t *status)
{
	text_color(out, s, TEXT_BOLD);
	text_put(out, member_string(status, "target", "blackbulld"));
	text_color(out, s, TEXT_PLAIN);
	put_state(out, s, status);
	fputs("\n\n", out);
}

/* Paths with commas, broken into lines that begin under the first. */
struct flow {
	FILE *out;
	const struct style *style;
	int column; /* 0: nothing yet */
};

static void flow_add(struct flow *f, const json_t *path)
{
	const char *item = json_is_string(path) ? json_string_value(path) : "?";
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return;
	text_put_path(stream, f->style, item);
	fclose(stream);
	if (f->column == 0) {
		f->column = LABEL_WIDTH;
	} else if (f->column + 3 + (int)len > f->style->width) {
		fprintf(f->out, ",\n%*s", LABEL_WIDTH, "");
		f->column = LABEL_WIDTH;
	} else {
		fputs(", ", f->out);
		f->column += 2;
	}
	fputs(text, f->out);
	f->column += (int)len;
	free(text);
}

static void put_addresses(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *binds = json_object_get(status, "binds");
	size_t i;
	json_t *bind;

	json_array_foreach(binds, i, bind)
	{
		const char *address = member_string(bind, "address", "");
		bool is_local = str_starts(address, "unix:") || address[0] == '/';

		put_label(out, s, i ? "" : "listening");
		fputs(is_local ? "" : "http://", out);
		text_put(out, address);
		if (json_is_true(json_object_get(bind, "inherited")))
			fputs(" (inherited)", out);
		fputc('\n', out);
	}
}

static bool is_off(const json_t *watch)
{
	return !json_is_true(json_object_get(watch, "enabled"));
}

/* "src, templates for *.py" */
static void put_watched(FILE *out, const struct style *s, const json_t *watch)
{
	const json_t *paths = json_object_get(watch, "paths");
	const json_t *include = json_object_get(watch, "include");
	struct flow f = {.out = out, .style = s};
	size_t i;
	json_t *item;

	json_array_foreach(paths, i, item) flow_add(&f, item);
	json_array_foreach(include, i, item)
	{
		fputs(i ? ", " : " for ", out);
		text_put(out, json_is_string(item) ? json_string_value(item) : "?");
	}
	fputc('\n', out);
}

static void put_watch(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *watch = json_object_get(status, "watch");
	json_int_t directories = member_integer(watch, "directories");
	json_int_t overflows = member_integer(watch, "overflows");

	put_label(out, s, "watching");
	if (is_off(watch)) {
		fputs("nothing; blackbulld --reload does\n", out);
		return;
	}
	put_watched(out, s, watch);
	fprintf(out, "%*s%" JSON_INTEGER_FORMAT " director%s by ", LABEL_WIDTH, "", directories,
		directories == 1 ? "y" : "ies");
	text_put(out, member_string(watch, "backend", ""));
	if (overflows > 0)
		fprintf(out, ", %" JSON_INTEGER_FORMAT " overflow%s (looked at all again)",
			overflows, overflows == 1 ? "" : "s");
	fputc('\n', out);
	if (json_is_true(json_object_get(watch, "paused")))
		fprintf(out, "%*spaused: \"blackbullctl resume\" goes on\n", LABEL_WIDTH, "");
}

static void put_nursery(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *nursery = json_object_get(status, "nursery");
	const char *state = member_string(nursery, "state", ""),
		   *reason = member_string(nursery, "reason", "");

	if (!*state || strcmp(state, "off") == 0)
		return;
	put_label(out, s, "nursery");
	text_put(out, state);
	if (member_integer(nursery, "modules") > 0)
		fprintf(out, ", %" JSON_INTEGER_FORMAT " modules",
			member_integer(nursery, "modules"));
	if (*reason) {
		fputs(": ", out);
		text_put(out, reason);
	}
	fputc('\n', out);
}

static void put_daemon(FILE *out, const struct style *s, const json_t *status)
{
	char up[TEXT_LEN];
	const json_t *uptime = json_object_get(status, "uptime_ms");

	put_label(out, s, "directory");
	text_put(out, member_string(status, "directory", ""));
	fputc('\n', out);
	put_label(out, s, "daemon");
	fprintf(out, "pid %" JSON_INTEGER_FORMAT ", blackbulld %s, up %s",
		member_integer(status, "pid"), member_string(status, "version", ""),
		text_duration(up, json_number_value(uptime)));
	if (*member_string(status, "handover", ""))
		fprintf(out, ", handover %s", member_string(status, "handover", ""));
	fputc('\n', out);
	if (!json_is_true(json_object_get(status, "degraded")))
		return;
	put_label(out, s, "degraded");
	fputs("what the daemon knew before its last reload could not be read\n", out);
}

static void put_last_failure(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *failed = json_object_get(status, "last_failed");

	if (!json_is_object(failed))
		return;
	put_label(out, s, "last failure");
	fprintf(out, "generation %" JSON_INTEGER_FORMAT ",", member_integer(failed, "number"));
	put_time(out, s, member_string(failed, "created_at", ""));
	fprintf(out, "\n%*s", LABEL_WIDTH, "");
	text_failure(out, s, failed);
	fputc('\n', out);
	if (strcmp(member_string(status, "state", ""), "failed") == 0) {
		fputc('\n', out);
		text_failure_detail(out, failed);
	}
}

void text_status(FILE *out, const struct style *s, const json_t *status)
{
	const json_t *workers = json_object_get(status, "workers");

	put_headline(out, s, status);
	put_addresses(out, s, status);
	put_watch(out, s, status);
	put_nursery(out, s, status);
	put_daemon(out, s, status);
	if (json_array_size(workers) > 0) {
		fputc('\n', out);
		text_workers(out, s, "  ", workers);
	}
	if (json_is_object(json_object_get(status, "last_failed"))) {
		fputc('\n', out);
		put_last_failure(out, s, status);
	}
}
