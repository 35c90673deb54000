/* Generations as text: a verdict, a failure, one in full, all in a table. */
#include "ctl/member.h"
#include "ctl/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_LINES 40 /* of a traceback or of stderr; `generations N` shows all */

static json_int_t number_of(const json_t *generation)
{
	return member_integer(generation, "number");
}

static const char *state_of(const json_t *generation)
{
	return member_string(generation, "state", "?");
}

/* The time from the change to the first answer; negative when there is none. */
static double total_ms(const json_t *generation)
{
	const json_t *total = json_object_get(json_object_get(generation, "stages_ms"), "total");

	return json_is_number(total) ? json_number_value(total) : -1;
}

void text_verdict(FILE *out, const struct style *s, const json_t *generation)
{
	const char *state = state_of(generation);
	char took[TEXT_LEN];
	double total = total_ms(generation);

	fprintf(out, "generation %" JSON_INTEGER_FORMAT " ", number_of(generation));
	text_put(out, state);
	if (strcmp(state, "failed") == 0) {
		fputs(": ", out);
		text_failure(out, s, generation);
	} else if (strcmp(state, "serving") == 0 && total >= 0) {
		fprintf(out, " after %s", text_duration(took, total));
	}
}

void text_failure(FILE *out, const struct style *s, const json_t *generation)
{
	const json_t *error = json_object_get(generation, "error");
	const char *file = member_string(error, "file", NULL);
	json_int_t line = member_integer(error, "line");

	text_put(out, member_string(error, "message", "no reason was recorded"));
	if (!file)
		return;
	fputs(" (", out);
	text_put_path(out, s, file);
	if (line > 0)
		fprintf(out, ":%" JSON_INTEGER_FORMAT, line);
	fputc(')', out);
}

/* The beginning of the last n lines. */
static const char *last_lines(const char *text, size_t n)
{
	const char *p = text + strlen(text);

	if (p > text && p[-1] == '\n')
		p--;
	while (p > text) {
		if (p[-1] == '\n' && --n == 0)
			break;
		p--;
	}
	return p;
}

static void put_detail(FILE *out, const json_t *generation, size_t lines)
{
	const char *detail = member_string(json_object_get(generation, "error"), "detail", NULL);

	if (!detail || !*detail)
		return;

	const char *end = last_lines(detail, lines);

	if (end > detail)
		fputs("...\n", out);
	fputs(end, out);
	if (end[strlen(end) - 1] != '\n')
		fputc('\n', out);
}

void text_failure_detail(FILE *out, const json_t *generation)
{
	put_detail(out, generation, DETAIL_LINES);
}

/* "change", or who asked: "request of pid 123". */
static void put_reason(FILE *out, const json_t *generation)
{
	const json_t *pid = json_object_get(json_object_get(generation, "requested_by"), "pid");
	text_put(out, member_string(generation, "reason", "?"));
	if (json_is_integer(pid))
		fprintf(out, " by pid %" JSON_INTEGER_FORMAT, json_integer_value(pid));
}

static void put_stages(FILE *out, const json_t *generation)
{
	static const char *const names[] = {"detect", "build", "handover", "boot"};
	const json_t *stages = json_object_get(generation, "stages_ms");
	const char *separator = "";
	char took[TEXT_LEN];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const json_t *ms = json_object_get(stages, names[i]);

		if (!json_is_number(ms))
			continue;
		fprintf(out, "%s%s %s", separator, names[i],
			text_duration(took, json_number_value(ms)));
		separator = ", ";
	}
	if (total_ms(generation) >= 0)
		fprintf(out, "%stotal %s", separator, text_duration(took, total_ms(generation)));
	else if (!*separator)
		fputs("-", out);
}

void text_generation(FILE *out, const struct style *s, const json_t *generation)
{
	const json_t *paths = json_object_get(generation, "paths");
	const char *served = member_string(generation, "served_at", NULL);
	char when[TEXT_LEN];
	size_t i;
	json_t *path;

	fprintf(out, "generation %" JSON_INTEGER_FORMAT " ", number_of(generation));
	text_color(out, s, text_state_color(state_of(generation)));
	text_put(out, state_of(generation));
	text_color(out, s, TEXT_PLAIN);
	fputs("\n  reason   ", out);
	put_reason(out, generation);
	fprintf(out, "\n  created  %s",
		text_time(when, member_string(generation, "created_at", NULL), s->now));
	if (served)
		fprintf(out, "\n  served   %s", text_time(when, served, s->now));
	fputs("\n  stages   ", out);
	put_stages(out, generation);
	fputc('\n', out);
	json_array_foreach(paths, i, path)
	{
		fputs(i ? "           " : "  changed  ", out);
		text_put_path(out, s, json_is_string(path) ? json_string_value(path) : "?");
		fputc('\n', out);
	}
	if (!json_is_object(json_object_get(generation, "error")))
		return;
	fputs("  error    ", out);
	text_failure(out, s, generation);
	fputs("\n\n", out);
	put_detail(out, generation, SIZE_MAX);
}

/* What a table says about it: why it failed, else what changed, else who asked. */
static void put_summary(FILE *out, const struct style *s, const json_t *generation)
{
	const json_t *paths = json_object_get(generation, "paths");
	const char *first = json_string_value(json_array_get(paths, 0));
	const json_t *pid = json_object_get(json_object_get(generation, "requested_by"), "pid");

	if (json_is_object(json_object_get(generation, "error"))) {
		text_failure(out, s, generation);
	} else if (first) {
		text_put_path(out, s, first);
		if (json_array_size(paths) > 1)
			fprintf(out, " and %zu more", json_array_size(paths) - 1);
	} else if (json_is_integer(pid)) {
		fprintf(out, "pid %" JSON_INTEGER_FORMAT, json_integer_value(pid));
	}
}

static void add_row(struct table *t, const struct style *s, const json_t *generation)
{
	char *summary = NULL;
	size_t len;
	FILE *stream = open_memstream(&summary, &len);
	char when[TEXT_LEN], took[TEXT_LEN] = "-";

	if (stream) {
		put_summary(stream, s, generation);
		fclose(stream);
	}
	if (total_ms(generation) >= 0)
		text_duration(took, total_ms(generation));
	table_add(t, "%" JSON_INTEGER_FORMAT, number_of(generation));
	table_add(t, "%s", state_of(generation));
	table_add(t, "%s", text_time(when, member_string(generation, "created_at", NULL), s->now));
	table_add(t, "%s", took);
	table_add(t, "%s", member_string(generation, "reason", "?"));
	table_add(t, "%s", summary ? summary : "");
	free(summary);
}

void text_generations(FILE *out, const struct style *s, const json_t *generations)
{
	static const char *const head[] = {">GEN", "STATE", "WHEN", ">TOOK", "REASON", "", NULL};
	struct table t;
	size_t i;
	json_t *generation;

	table_init(&t, s, "", head, 1);
	json_array_foreach(generations, i, generation) add_row(&t, s, generation);
	table_print(&t, out);
}
