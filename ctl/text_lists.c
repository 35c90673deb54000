/* Workers and instances as tables; events and lines of output as lines. */
#include "ctl/member.h"
#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>

/* How long ago that was; "-" if it is not known. */
static char *text_age(char out[TEXT_LEN], const char *rfc3339, struct wall now)
{
	struct wall t;

	if (wall_parse(rfc3339, &t) == 0)
		return text_duration(out, (double)(now.ns - t.ns) / 1e6);
	snprintf(out, TEXT_LEN, "-");
	return out;
}

/* A count that the worker may not have told. */
static void add_count(struct table *t, const json_t *worker, const char *key)
{
	const json_t *count = json_object_get(worker, key);

	if (json_is_integer(count))
		table_add(t, "%" JSON_INTEGER_FORMAT, json_integer_value(count));
	else
		table_add(t, "-");
}

static void add_worker(struct table *t, const struct style *s, const json_t *worker)
{
	json_t *rss = json_object_get(worker, "rss_bytes"),
	       *cpu = json_object_get(worker, "cpu_ms");
	char text[TEXT_LEN];

	table_add(t, "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT,
		  member_integer(worker, "generation"), member_integer(worker, "slot"));
	add_count(t, worker, "pid");
	table_add(t, "%s", member_string(worker, "state", ""));
	add_count(t, worker, "requests");
	add_count(t, worker, "connections");
	table_add(t, "%s",
		  json_is_integer(rss) ? text_bytes(text, (uint64_t)json_integer_value(rss)) : "-");
	table_add(t, "%s", json_is_number(cpu) ? text_duration(text, json_number_value(cpu)) : "-");
	table_add(t, "%s", text_age(text, member_string(worker, "started_at", ""), s->now));
	add_count(t, worker, "restarts");
}

void text_workers(FILE *out, const struct style *s, const char *indent, const json_t *workers)
{
	static const char *const head[] = {
		"WORKER",  ">PID", "STATE", ">REQUESTS", ">CONNS",
		">MEMORY", ">CPU", ">UP",   ">RESTARTS", NULL,
	};
	struct table t;
	size_t i;
	json_t *worker;

	table_init(&t, s, indent, head, 2);
	json_array_foreach(workers, i, worker) add_worker(&t, s, worker);
	table_print(&t, out);
}

void text_instances(FILE *out, const struct style *s, const json_t *instances)
{
	static const char *const head[] = {">PID", "TARGET", "DIRECTORY", "SOCKET", NULL};
	struct table t;
	size_t i;
	json_t *instance;

	table_init(&t, s, "", head, -1);
	json_array_foreach(instances, i, instance)
	{
		add_count(&t, instance, "pid");
		table_add(&t, "%s", member_string(instance, "target", ""));
		table_add(&t, "%s", member_string(instance, "directory", ""));
		table_add(&t, "%s", member_string(instance, "socket", ""));
	}
	table_print(&t, out);
}

/* Any value on one line: strings as they are, short lists with commas, the rest as JSON. */
static void put_value(FILE *out, const struct style *s, const json_t *value)
{
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		text_put_path(out, s, json_string_value(value));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			fputs(i ? ", " : "", out);
			put_value(out, s, item);
		}
	} else {
		json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
	}
}

/* Fields of every event, which have a place of their own. */
static bool is_common(const char *key)
{
	static const char *const common[] = {"seq", "boot_id", "time", "type"};

	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (strcmp(key, common[i]) == 0)
			return true;
	return false;
}

/* Events of a newer daemon have fields that we do not know: all are shown. */
static void put_fields(FILE *out, const struct style *s, const json_t *event)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)event, key, value)
	{
		if (is_common(key) || json_is_null(value) || json_is_false(value))
			continue;
		fprintf(out, " %s=", key);
		put_value(out, s, value);
	}
}

/* "02:48:15.123 #7": events follow each other within milliseconds. */
static void put_stamp(FILE *out, const struct style *s, const json_t *event)
{
	const char *time = member_string(event, "time", ""), *dot = strchr(time, '.');
	char when[TEXT_LEN];

	text_color(out, s, TEXT_DIM);
	text_put(out, text_time(when, time, s->now));
	fprintf(out, "%.4s #%" JSON_INTEGER_FORMAT, dot ? dot : "", member_integer(event, "seq"));
	text_color(out, s, TEXT_PLAIN);
}

void text_event(FILE *out, const struct style *s, const json_t *event)
{
	const json_t *generation = json_object_get(event, "generation");
	const json_t *paths = json_object_get(event, "paths");
	const char *type = member_string(event, "type", "");

	put_stamp(out, s, event);
	fputc(' ', out);
	if (strcmp(type, "generation") == 0 && json_is_object(generation)) {
		text_verdict(out, s, generation);
	} else if (strcmp(type, "change") == 0 && json_array_size(paths) > 0) {
		fputs("change in ", out);
		put_value(out, s, paths);
	} else {
		text_put(out, type);
		put_fields(out, s, event);
	}
	fputc('\n', out);
}

void text_log_line(FILE *out, const struct style *s, const json_t *line)
{
	bool is_error = strcmp(member_string(line, "stream", ""), "stderr") == 0;

	text_color(out, s, is_error ? TEXT_YELLOW : TEXT_DIM);
	fprintf(out, "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT " |",
		member_integer(line, "generation"), member_integer(line, "worker"));
	text_color(out, s, TEXT_PLAIN);
	/* As the worker wrote it, colours too. */
	fprintf(out, " %s\n", member_string(line, "line", ""));
}
