/* Answers to admin requests: the envelope, errors with a message for people, the verdict on a generation. */
#include "daemon/master/admin_answer.h"

#include "common/path.h"
#include "common/str.h"
#include "daemon/master/generation.h"
#include "daemon/master/json_text.h"
#include "daemon/master/master.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FOR_ENVELOPE 4096

/* Takes `answer`. */
static void send_answer(struct master *m, const struct admin_peer *to, json_t *answer)
{
	static const char no_memory[] =
		"{\"v\":1,\"ok\":false,\"error\":{\"code\":\"generation_failed\","
		"\"message\":\"the daemon is out of memory; ask again later\"}}";
	static const char too_long[] =
		"{\"v\":1,\"ok\":false,\"error\":{\"code\":\"generation_failed\","
		"\"message\":\"the answer does not fit into one message; ask for less\"}}";
	char *text = answer ? json_dumps(answer, JSON_TEXT_FLAGS) : NULL;
	const char *body = text ? text : no_memory;

	if (strlen(body) > ADMIN_MESSAGE_MAX)
		body = too_long;
	admin_reply(m->admin, to, body, strlen(body));
	free(text);
	json_decref(answer);
}

void answer_ok(struct master *m, const struct admin_peer *to, json_t *result)
{
	send_answer(m, to,
		    json_pack("{s:i, s:b, s:o}", "v", ADMIN_VERSION, "ok", 1, "result", result));
}

/* Takes `result`, which may be NULL. */
static void send_error(struct master *m, const struct admin_peer *to, enum admin_error code,
		       const char *message, json_t *result)
{
	json_t *answer =
		json_pack("{s:i, s:b, s:{s:s, s:o}}", "v", ADMIN_VERSION, "ok", 0, "error", "code",
			  admin_error_code(code), "message", json_text(message, strlen(message)));

	if (result && json_object_set_new(answer, "result", result) < 0) {
		json_decref(answer);
		answer = NULL;
	}
	send_answer(m, to, answer);
}

void answer_error(struct master *m, const struct admin_peer *to, enum admin_error code,
		  const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	send_error(m, to, code, message, NULL);
}

/* " (main.py:3)" for the place of an error, as seen from where the daemon was started; "" without one. */
static char *place_text(const struct master *m, const json_t *error)
{
	const char *file = json_string_value(json_object_get(error, "file"));
	json_int_t line = json_integer_value(json_object_get(error, "line"));
	const char *base = m->config->directory;

	if (!file)
		return strdup("");
	if (base && strcmp(base, "/") != 0 && path_within(file, base) && file[strlen(base)] == '/')
		file += strlen(base) + 1;
	if (line <= 0)
		return str_printf(" (%s)", file);
	return str_printf(" (%s:%" JSON_INTEGER_FORMAT ")", file, line);
}

/* Takes `record`, a GENERATION object in state "failed". */
static void send_failed(struct master *m, const struct admin_peer *to, json_t *record)
{
	const json_t *error = json_object_get(record, "error");
	const char *message = json_string_value(json_object_get(error, "message"));
	char *place = place_text(m, error);
	char *text = str_printf("generation %" JSON_INTEGER_FORMAT " failed: %s%s",
				json_integer_value(json_object_get(record, "number")),
				message ? message : "for a reason that was not recorded",
				place ? place : "");

	send_error(m, to, ADMIN_ERR_FAILED, text ? text : "the generation failed",
		   json_pack("{s:o}", "generation", record));
	free(text);
	free(place);
}

/* Takes `record`. */
static void send_superseded(struct master *m, const struct admin_peer *to, json_t *record)
{
	json_int_t number = json_integer_value(json_object_get(record, "number"));
	char text[256];

	snprintf(text, sizeof(text),
		 "generation %" JSON_INTEGER_FORMAT " was superseded: something changed before it "
		 "served; the newest generation is %" PRIu64,
		 number, answer_newest_number(m));
	send_error(m, to, ADMIN_ERR_SUPERSEDED, text, json_pack("{s:o}", "generation", record));
}

/* Takes `record`, which may be NULL for want of memory. */
static void send_verdict(struct master *m, const struct admin_peer *to, json_t *record,
			 bool superseded)
{
	const char *state = json_string_value(json_object_get(record, "state"));

	if (!state || strcmp(state, gen_state_name(GEN_FAILED)) != 0)
		answer_ok(m, to, json_pack("{s:o}", "generation", record));
	else if (superseded)
		send_superseded(m, to, record);
	else
		send_failed(m, to, record);
}

void answer_verdict(struct master *m, const struct admin_peer *to, const struct generation *g)
{
	send_verdict(m, to, generation_to_json(g), g->superseded);
}

void answer_recorded(struct master *m, const struct admin_peer *to, json_t *record)
{
	const char *stage =
		json_string_value(json_object_get(json_object_get(record, "error"), "stage"));

	send_verdict(m, to, record, stage && strcmp(stage, "superseded") == 0);
}

const struct generation *answer_find(const struct master *m, uint64_t number)
{
	const struct generation *g = master_find(m, number);

	if (!g && m->last_failed && m->last_failed->number == number)
		g = m->last_failed;
	return g;
}

const struct generation *answer_newest_settled(const struct master *m)
{
	const struct generation *current = master_current(m);
	const struct generation *failed = m->last_failed;

	if (failed && !failed->superseded && (!current || failed->number > current->number))
		return failed;
	return current;
}

uint64_t answer_newest_number(const struct master *m)
{
	return m->next_number ? m->next_number - 1 : 0;
}

/* How many elements fit, counted from one end. */
static size_t count_fitting(const json_t *array, bool last_ones)
{
	size_t n = json_array_size(array), count, bytes = 0;

	for (count = 0; count < n; count++) {
		const json_t *element = json_array_get(array, last_ones ? n - 1 - count : count);

		bytes += json_dumpb(element, NULL, 0, JSON_TEXT_FLAGS | JSON_ENCODE_ANY) + 1;
		if (bytes > ADMIN_MESSAGE_MAX - ROOM_FOR_ENVELOPE)
			break;
	}
	return count;
}

json_t *answer_fit(json_t *array, bool last_ones)
{
	size_t n = json_array_size(array);
	size_t fitting = count_fitting(array, last_ones);
	size_t first = last_ones ? n - fitting : 0;

	if (!array || fitting == n)
		return array;

	json_t *out = json_array();

	for (size_t i = first; i < first + fitting && out; i++) {
		if (json_array_append(out, json_array_get(array, i)) < 0) {
			json_decref(out);
			out = NULL;
		}
	}
	json_decref(array);
	return out;
}
