/* Admin operations on generations: reload, wait, sync, generations. */
#include "daemon/master/admin_call.h"

#include "common/clock.h"
#include "daemon/master/generation.h"
#include "daemon/master/history.h"
#include "daemon/master/master.h"
#include "daemon/master/waiters.h"
#include "daemon/master/watcher.h"

#include <inttypes.h>
#include <string.h>

static bool word_is(const char *word, const char *other)
{
	return strcmp(word, other) == 0;
}

/* Its record as it is now, or as it was left. NULL: unknown. */
static json_t *record_of(const struct master *m, uint64_t number)
{
	const struct generation *g = answer_find(m, number);

	return g ? generation_to_json(g) : history_find(m->history, number);
}

static void refuse_number(const struct admin_call *c, uint64_t number)
{
	answer_error(c->m, c->from, ADMIN_ERR_NOT_FOUND,
		     "there is no generation %" PRIu64 "; the newest is %" PRIu64, number,
		     answer_newest_number(c->m));
}

static void refuse_stopping(const struct admin_call *c)
{
	answer_error(c->m, c->from, ADMIN_ERR_STOPPING,
		     "the daemon is stopping; start it and ask again");
}

/* The generation that a reload was given, answered for as far as the caller wants to wait. */
static void answer_reload(const struct admin_call *c, uint64_t number)
{
	const char *wait = call_word(c, "wait", "ready");

	if (word_is(wait, "accepted"))
		answer_ok(c->m, c->from, json_pack("{s:o}", "generation", record_of(c->m, number)));
	else
		waiters_add(c->m, c->from, number,
			    word_is(wait, "drained") ? WAIT_DRAINED : WAIT_READY, false, c->id);
}

/* Whether the generation is still the one that the caller has seen; else it was told of the conflict. */
static bool check_expected(const struct admin_call *c)
{
	const struct generation *pending = master_pending(c->m);
	const struct generation *newest = pending ? pending : master_current(c->m);
	uint64_t number = newest ? newest->number : 0;
	uint64_t expected = call_number(c, "if_generation", number);

	if (expected == number)
		return true;
	answer_error(c->m, c->from, ADMIN_ERR_CONFLICT,
		     "generation %" PRIu64 " was expected, but %" PRIu64
		     " %s; look at it and ask again",
		     expected, number, pending ? "is being started" : "serves");
	return false;
}

void cmd_reload(const struct admin_call *c)
{
	struct master *m = c->m;
	const struct requester by = {c->from->uid, c->from->pid};
	const struct strv no_paths = {0};
	uint64_t known = c->id ? waiters_find_id(m->waiters, c->id) : 0;

	if (known) {
		answer_reload(c, known);
		return;
	}
	if (!check_expected(c))
		return;

	const struct generation *g = master_reload(m, GEN_REQUEST, &no_paths, mono_now(), &by);

	if (!g && m->stopping)
		refuse_stopping(c);
	else if (!g)
		answer_ok(m, c->from, NULL);
	if (!g)
		return;
	if (c->id)
		waiters_keep_id(m->waiters, c->id, g->number);
	answer_reload(c, g->number);
}

/* The number that "wait" without one means. 0: there is none. */
static uint64_t number_to_wait_for(const struct master *m)
{
	const struct generation *g = master_pending(m);

	if (!g)
		g = answer_newest_settled(m);
	return g ? g->number : 0;
}

void cmd_wait(const struct admin_call *c)
{
	bool idle = word_is(call_word(c, "until", "ready"), "idle");
	uint64_t number = call_number(c, "generation", 0);

	if (call_has(c, "generation")) {
		json_t *record = record_of(c->m, number);

		json_decref(record);
		if (!record) {
			refuse_number(c, number);
			return;
		}
	} else if (!idle) {
		number = number_to_wait_for(c->m);
	}
	waiters_add(c->m, c->from, number, idle ? WAIT_IDLE : WAIT_READY, false, NULL);
}

/* What has been written is not being looked at: saying that it is served would be a lie. */
static bool refuse_paused(const struct admin_call *c)
{
	if (!c->m->watcher || !watcher_stats(c->m->watcher).paused)
		return false;
	answer_error(c->m, c->from, ADMIN_ERR_FAILED,
		     "watching is paused, so that changes are not served; \"blackbullctl resume\" "
		     "first");
	return true;
}

void cmd_sync(const struct admin_call *c)
{
	struct master *m = c->m;
	const struct generation *g;

	if (m->stopping) {
		refuse_stopping(c);
		return;
	}
	if (refuse_paused(c))
		return;
	if (m->watcher)
		watcher_sync(m->watcher);
	g = master_pending(m);
	if (!g)
		g = m->watcher ? answer_newest_settled(m) : master_current(m);
	waiters_add(m, c->from, g ? g->number : 0, WAIT_READY, true, NULL);
}

/* What the list shows of each: the traceback is for who asks for one generation. */
static void shorten(json_t *record)
{
	json_t *error = json_object_get(record, "error");

	if (json_is_object(error))
		json_object_set_new(error, "detail", json_null());
}

/* A record of an earlier daemon that did not live to write the end of its generations. */
static void correct(const struct master *m, json_t *record)
{
	const char *state = json_string_value(json_object_get(record, "state"));
	uint64_t number = (uint64_t)json_integer_value(json_object_get(record, "number"));

	if (state && !word_is(state, gen_state_name(GEN_FAILED)) && !master_find(m, number))
		json_object_set_new(record, "state", json_string(gen_state_name(GEN_RETIRED)));
}

/* In place of the history's record of the same number, or at the end. */
static void merge(json_t *list, const struct generation *g)
{
	size_t i;
	json_t *record;

	json_array_foreach(list, i, record)
	{
		if (json_integer_value(json_object_get(record, "number")) != (json_int_t)g->number)
			continue;
		json_array_set_new(list, i, generation_to_json(g));
		return;
	}
	json_array_append_new(list, generation_to_json(g));
}

static json_t *list_generations(const struct master *m)
{
	json_t *list = history_list(m->history);
	size_t i;
	json_t *record;

	list_for_each(g, &m->generations, struct generation, link)
		merge(list, g);
	json_array_foreach(list, i, record)
	{
		shorten(record);
		correct(m, record);
	}
	return answer_fit(list, true);
}

void cmd_generations(const struct admin_call *c)
{
	uint64_t number = call_number(c, "number", 0);
	json_t *record;

	if (!call_has(c, "number")) {
		answer_ok(c->m, c->from, json_pack("{s:o}", "generations", list_generations(c->m)));
		return;
	}
	record = record_of(c->m, number);
	if (!record) {
		refuse_number(c, number);
		return;
	}
	correct(c->m, record);
	answer_ok(c->m, c->from, json_pack("{s:[o]}", "generations", record));
}
