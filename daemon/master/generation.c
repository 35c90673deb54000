/* Generations: the transition table, the times, and their JSON. */
#include "daemon/master/generation.h"

#include "daemon/master/json_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *gen_state_name(enum gen_state s)
{
	switch (s) {
	case GEN_REQUESTED:
		return "requested";
	case GEN_BUILDING:
		return "building";
	case GEN_HANDING_OVER:
		return "handing-over";
	case GEN_BOOTING:
		return "booting";
	case GEN_SERVING:
		return "serving";
	case GEN_DRAINING:
		return "draining";
	case GEN_RETIRED:
		return "retired";
	case GEN_FAILED:
		return "failed";
	}
	return "?";
}

const char *gen_event_name(enum gen_event e)
{
	switch (e) {
	case GEN_EV_BUILD:
		return "build";
	case GEN_EV_HAND_OVER:
		return "hand-over";
	case GEN_EV_BOOT:
		return "boot";
	case GEN_EV_READY:
		return "ready";
	case GEN_EV_REPLACED:
		return "replaced";
	case GEN_EV_GONE:
		return "gone";
	case GEN_EV_FAIL:
		return "fail";
	}
	return "?";
}

const char *gen_reason_name(enum gen_reason r)
{
	switch (r) {
	case GEN_START:
		return "start";
	case GEN_CHANGE:
		return "change";
	case GEN_REQUEST:
		return "request";
	case GEN_SIGNAL:
		return "signal";
	}
	return "?";
}

bool gen_transition(enum gen_state state, enum gen_event event, enum gen_state *next)
{
	/* The state that an event leads to; 0 (requested, where nothing leads) means "not allowed". */
	static const enum gen_state table[GEN_STATES][GEN_EV_FAIL + 1] = {
		[GEN_REQUESTED] = {[GEN_EV_BUILD] = GEN_BUILDING,
				   [GEN_EV_HAND_OVER] = GEN_HANDING_OVER,
				   [GEN_EV_BOOT] = GEN_BOOTING,
				   [GEN_EV_FAIL] = GEN_FAILED},
		[GEN_BUILDING] =
			{[GEN_EV_HAND_OVER] = GEN_HANDING_OVER, [GEN_EV_FAIL] = GEN_FAILED},
		[GEN_HANDING_OVER] = {[GEN_EV_BOOT] = GEN_BOOTING, [GEN_EV_FAIL] = GEN_FAILED},
		[GEN_BOOTING] = {[GEN_EV_READY] = GEN_SERVING, [GEN_EV_FAIL] = GEN_FAILED},
		[GEN_SERVING] = {[GEN_EV_REPLACED] = GEN_DRAINING, [GEN_EV_GONE] = GEN_RETIRED},
		[GEN_DRAINING] = {[GEN_EV_GONE] = GEN_RETIRED},
	};
	enum gen_state to = table[state][event];

	if (to == GEN_REQUESTED)
		return false;
	*next = to;
	return true;
}

bool gen_is_terminal(enum gen_state s)
{
	return s == GEN_RETIRED || s == GEN_FAILED;
}

bool gen_is_settled(enum gen_state s)
{
	return s >= GEN_SERVING;
}

struct generation *generation_create(uint64_t number, enum gen_reason reason, struct mono detected)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->number = number;
	g->reason = reason;
	g->state = GEN_REQUESTED;
	g->created_at = wall_now();
	g->entered[GEN_REQUESTED] = mono_now();
	g->detected = mono_is_set(detected) ? detected : g->entered[GEN_REQUESTED];
	return g;
}

static void gen_error_destroy(struct gen_error *e)
{
	if (!e)
		return;
	free(e->stage);
	free(e->message);
	free(e->file);
	free(e->detail);
	free(e);
}

void generation_destroy(struct generation *g)
{
	if (!g)
		return;
	list_remove(&g->link);
	strv_finish(&g->paths);
	gen_error_destroy(g->error);
	free(g);
}

void generation_apply(struct generation *g, enum gen_event e, struct mono now)
{
	enum gen_state next = g->state;
	bool allowed = gen_transition(g->state, e, &next);

	assert(allowed);
	if (!allowed)
		return;
	g->state = next;
	g->entered[next] = now;
	if (next == GEN_SERVING)
		g->served_at = wall_now();
}

static char *copy_or_null(const char *s)
{
	return s ? strdup(s) : NULL;
}

void generation_set_error(struct generation *g, const char *stage, const char *message,
			  const char *file, uint32_t line, const char *detail)
{
	struct gen_error *e;

	if (g->error)
		return;
	e = calloc(1, sizeof(*e));
	if (!e)
		return;
	e->stage = copy_or_null(stage);
	e->message = copy_or_null(message);
	e->file = copy_or_null(file);
	e->detail = copy_or_null(detail);
	e->line = line;
	g->error = e;
}

static json_t *string_or_null(const char *s)
{
	return s ? json_text(s, strlen(s)) : json_null();
}

static json_t *wall_or_null(struct wall t)
{
	char text[WALL_RFC3339_LEN];

	return t.ns ? json_string(wall_format(t, text)) : json_null();
}

/* Milliseconds from a to b with microseconds kept; null unless both happened. */
static json_t *span(struct mono from, struct mono to)
{
	if (!mono_is_set(from) || !mono_is_set(to))
		return json_null();
	return json_real((double)((int64_t)(mono_diff_ms(to, from) * 1000 + 0.5)) / 1000);
}

/* When the stage after `s` began: the next later state that was entered. */
static struct mono end_of(const struct generation *g, enum gen_state s)
{
	struct mono failed = g->entered[GEN_FAILED];

	if (!mono_is_set(g->entered[s]))
		return (struct mono){0};
	for (int next = (int)s + 1; next <= GEN_SERVING; next++) {
		if (mono_is_set(g->entered[next]))
			return g->entered[next];
	}
	return failed;
}

/* The stages follow each other without a gap, so that they add up to the total. */
static json_t *stages_to_json(const struct generation *g)
{
	struct mono settled = mono_is_set(g->entered[GEN_SERVING]) ? g->entered[GEN_SERVING]
								   : g->entered[GEN_FAILED];

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "detect",
			 span(g->detected, end_of(g, GEN_REQUESTED)), "build",
			 span(g->entered[GEN_BUILDING], end_of(g, GEN_BUILDING)), "handover",
			 span(g->entered[GEN_HANDING_OVER], end_of(g, GEN_HANDING_OVER)), "boot",
			 span(g->entered[GEN_BOOTING], end_of(g, GEN_BOOTING)), "total",
			 span(g->detected, settled));
}

static json_t *error_to_json(const struct gen_error *e)
{
	if (!e)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "stage", string_or_null(e->stage), "message",
			 string_or_null(e->message), "file", string_or_null(e->file), "line",
			 e->line ? json_integer(e->line) : json_null(), "detail",
			 string_or_null(e->detail));
}

json_t *generation_to_json(const struct generation *g)
{
	json_t *by = g->has_requester ? json_pack("{s:I, s:I}", "uid", (json_int_t)g->uid, "pid",
						  (json_int_t)g->pid)
				      : json_null();

	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "number",
			 (json_int_t)g->number, "state", gen_state_name(g->state), "reason",
			 gen_reason_name(g->reason), "paths", json_texts(&g->paths), "requested_by",
			 by, "created_at", wall_or_null(g->created_at), "served_at",
			 wall_or_null(g->served_at), "stages_ms", stages_to_json(g), "error",
			 error_to_json(g->error));
}

json_t *generation_save(const struct generation *g)
{
	json_t *entered = json_array();

	for (size_t i = 0; entered && i < GEN_STATES; i++)
		json_array_append_new(entered, json_integer(g->entered[i].ns));
	return json_pack(
		"{s:I, s:i, s:i, s:o, s:b, s:I, s:I, s:b, s:I, s:I, s:I, s:o, s:o}", "number",
		(json_int_t)g->number, "state", (int)g->state, "reason", (int)g->reason, "paths",
		json_texts(&g->paths), "has_requester", g->has_requester, "uid", (json_int_t)g->uid,
		"pid", (json_int_t)g->pid, "superseded", g->superseded, "created_at",
		(json_int_t)g->created_at.ns, "served_at", (json_int_t)g->served_at.ns, "detected",
		(json_int_t)g->detected.ns, "entered", entered, "error", error_to_json(g->error));
}

static void restore_error(struct generation *g, const json_t *e)
{
	const char *stage = NULL, *message = NULL, *file = NULL, *detail = NULL;
	json_int_t line = 0;

	if (!json_is_object(e))
		return;
	stage = json_string_value(json_object_get(e, "stage"));
	message = json_string_value(json_object_get(e, "message"));
	file = json_string_value(json_object_get(e, "file"));
	detail = json_string_value(json_object_get(e, "detail"));
	line = json_integer_value(json_object_get(e, "line"));
	generation_set_error(g, stage, message, file, (uint32_t)line, detail);
}

struct generation *generation_restore(const json_t *j)
{
	json_int_t number = 0, uid = 0, pid = 0, created = 0, served = 0, detected = 0;
	int state = -1, reason = -1, has_requester = 0, superseded = 0;
	json_t *paths = NULL, *entered = NULL, *path;
	struct generation *g;
	size_t i;

	if (json_unpack((json_t *)j, "{s:I, s:i, s:i, s?o, s?b, s?I, s?I, s?b, s?I, s?I, s?I, s?o}",
			"number", &number, "state", &state, "reason", &reason, "paths", &paths,
			"has_requester", &has_requester, "uid", &uid, "pid", &pid, "superseded",
			&superseded, "created_at", &created, "served_at", &served, "detected",
			&detected, "entered", &entered) < 0)
		return NULL;
	if (number <= 0 || state < 0 || state >= GEN_STATES || reason < 0 || reason > GEN_SIGNAL)
		return NULL;
	g = generation_create((uint64_t)number, (enum gen_reason)reason, (struct mono){detected});
	if (!g)
		return NULL;
	g->state = (enum gen_state)state;
	g->has_requester = has_requester;
	g->uid = (uid_t)uid;
	g->pid = (pid_t)pid;
	g->superseded = superseded;
	g->created_at.ns = created;
	g->served_at.ns = served;
	for (i = 0; i < GEN_STATES; i++)
		g->entered[i].ns = json_integer_value(json_array_get(entered, i));
	json_array_foreach(paths, i, path)
	{
		if (json_is_string(path) && strv_add(&g->paths, json_string_value(path)) < 0)
			break;
	}
	restore_error(g, json_object_get(j, "error"));
	return g;
}
