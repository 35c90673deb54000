/* What admin requests come to: refusals by table, decisions of each operation. */
#include "daemon/master/admin_cmd.h"

#include "common/admin_proto.h"
#include "common/version.h"
#include "daemon/master/events.h"
#include "daemon/master/history.h"
#include "daemon/master/logbook.h"
#include "daemon/master/waiters.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/fake_master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OP(op)		  "{\"v\":1,\"op\":\"" op "\"}"
#define OP_WITH(op, args) "{\"v\":1,\"op\":\"" op "\",\"args\":{" args "}}"

/* --- refusals --- */

TEST(requests_that_make_no_sense_are_refused_with_what_is_wrong)
{
	static const struct {
		const char *request;
		const char *code;
		const char *message;
	} cases[] = {
		{"", "bad_request", "not JSON"},
		{"{", "bad_request", "not JSON"},
		{"\xff", "bad_request", "not JSON"},
		{"[]", "bad_request", "not a JSON object"},
		{"7", "bad_request", "not JSON"},
		{"{\"v\":1}", "bad_request", "\"op\" is missing"},
		{"{\"v\":1,\"op\":7}", "bad_request", "\"op\" is missing"},
		{"{\"op\":\"status\"}", "bad_request", "\"v\" is missing; it must be 1"},
		{"{\"v\":\"1\",\"op\":\"status\"}", "bad_request", "\"v\" is missing"},
		{"{\"v\":2,\"op\":\"status\"}", "version", "version 2 of the admin protocol"},
		{"{\"v\":1,\"op\":\"statsu\"}", "unknown_op", "is it \"status\"?"},
		{"{\"v\":1,\"op\":\"xyzzy\"}", "unknown_op", "operation \"xyzzy\" is not known"},
		{"{\"v\":1,\"op\":\"status\",\"id\":7}", "bad_request", "\"id\" must be a string"},
		{"{\"v\":1,\"op\":\"status\",\"id\":\"\"}", "bad_request",
		 "\"id\" must be a string"},
		{"{\"v\":1,\"op\":\"status\",\"args\":[]}", "bad_request",
		 "\"args\" must be an object"},
		{OP_WITH("status", "\"x\":1"), "bad_request",
		 "argument \"x\" is not known to \"status\", which takes no arguments"},
		{OP_WITH("reload", "\"Wait\":\"ready\""), "bad_request",
		 "which takes \"wait\", \"if_generation\""},
		{OP_WITH("reload", "\"wait\":\"soon\""), "bad_request",
		 "argument \"wait\" of \"reload\" is \"soon\"; it must be ready|accepted|drained"},
		{OP_WITH("reload", "\"wait\":\"read\""), "bad_request", "\"wait\""},
		{OP_WITH("reload", "\"wait\":\"ready|accepted\""), "bad_request", "\"wait\""},
		{OP_WITH("reload", "\"wait\":1"), "bad_request", "\"wait\""},
		{OP_WITH("reload", "\"if_generation\":-1"), "bad_request",
		 "is -1; it must be a whole number"},
		{OP_WITH("reload", "\"if_generation\":1.5"), "bad_request", "\"if_generation\""},
		{OP_WITH("wait", "\"until\":\"drained\""), "bad_request", "it must be ready|idle"},
		{OP_WITH("stop", "\"now\":1"), "bad_request", "it must be true or false"},
		{OP("why"), "bad_request", "argument \"path\" of \"why\" is missing"},
		{OP_WITH("why", "\"path\":null"), "bad_request",
		 "is missing; it must be an absolute path"},
		{OP_WITH("why", "\"path\":\"main.py\""), "bad_request",
		 "it must be an absolute path"},
		{OP_WITH("why", "\"path\":\"/a\\u0000b\""), "bad_request", "not JSON"},
		{OP("paths.add"), "bad_request", "\"paths\" of \"paths.add\" is missing"},
		{OP_WITH("paths.add", "\"paths\":[]"), "bad_request", "array of absolute paths"},
		{OP_WITH("paths.add", "\"paths\":[\"/a\",\"b\"]"), "bad_request",
		 "array of absolute paths"},
		{OP_WITH("paths.add", "\"paths\":\"/a\""), "bad_request",
		 "array of absolute paths"},
	};
	struct fake *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		fake_assert_refused(f, fake_ask(f, cases[i].request), cases[i].code,
				    cases[i].message);
	assert_int_equal(f->reloads, 0);
	assert_false(f->stopped);
}

TEST(null_arguments_are_absent_ones)
{
	struct fake *f = *state;

	fake_generation(f, GEN_SERVING);
	fake_assert_ok(f, fake_ask(f, OP_WITH("wait", "\"generation\":null,\"until\":null")));
	fake_assert_ok(f, fake_ask(f, "{\"v\":1,\"op\":\"hello\",\"id\":null,\"args\":null}"));
}

/* --- hello, status, workers, stop --- */

TEST(hello_says_who_we_are_to_any_version)
{
	struct fake *f = *state;
	json_t *hello = fake_assert_ok(f, fake_ask(f, "{\"v\":9,\"op\":\"hello\"}"));
	json_t *expected = json_pack("{s:[i,i], s:s, s:i, s:s, s:s, s:s}", "proto", 1, 1, "version",
				     BB_VERSION, "pid", (int)getpid(), "boot_id", f->m.boot_id,
				     "directory", "/src", "target", "main:app");

	assert_true(json_equal(hello, expected));
	json_decref(expected);
}

TEST(one_question_to_the_workers_serves_all_who_ask_meanwhile)
{
	struct fake *f = *state;
	uint32_t status, workers, second;

	fake_generation(f, GEN_SERVING);
	status = fake_ask(f, OP("status"));
	workers = fake_ask(f, OP("workers"));
	second = fake_ask(f, OP("status"));
	assert_int_equal(f->queries, 1);
	fake_assert_waiting(f, status);

	supervisor_workers_fn *done = f->workers_done;

	f->workers_done = NULL;
	done(f->workers_arg, json_pack("[{s:i}]", "pid", 77));
	assert_int_equal(json_array_size(json_object_get(fake_assert_ok(f, status), "workers")), 1);
	assert_int_equal(json_array_size(json_object_get(fake_assert_ok(f, workers), "workers")),
			 1);
	fake_assert_ok(f, second);
	fake_ask(f, OP("status"));
	assert_int_equal(f->queries, 2);
}

/* The whole status, when nobody has any workers. */
static json_t *ask_status(struct fake *f)
{
	uint32_t request = fake_ask(f, OP("status"));

	f->workers_done(f->workers_arg, json_array());
	f->workers_done = NULL;
	return fake_assert_ok(f, request);
}

TEST(status_has_every_key_that_scripts_rely_on)
{
	static const char *const keys[] = {
		"schema",      "version", "pid",     "boot_id", "started_at", "uptime_ms",
		"directory",   "target",  "kind",    "state",	"handover",   "generation",
		"last_failed", "binds",	  "workers", "watch",	"nursery",
	};
	static const char *const watch_keys[] = {
		"enabled", "paths",  "include",	  "exclude", "directories",
		"backend", "events", "overflows", "paused",
	};
	struct fake *f = *state;
	json_t *status, *watch;

	fake_generation(f, GEN_SERVING);
	status = ask_status(f);
	watch = json_object_get(status, "watch");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_non_null(json_object_get(status, keys[i]));
	for (size_t i = 0; i < ARRAY_LEN(watch_keys); i++)
		assert_non_null(json_object_get(watch, watch_keys[i]));
	assert_int_equal(json_integer_value(json_object_get(status, "schema")), 1);
	assert_true(json_is_null(json_object_get(status, "last_failed")));
	assert_string_equal(json_string_value(json_object_get(watch, "backend")), "inotify");
	f->m.watcher = NULL;
	watch = json_object_get(ask_status(f), "watch");
	assert_string_equal(json_string_value(json_object_get(watch, "backend")), "off");
	assert_true(json_is_false(json_object_get(watch, "enabled")));
}

static void assert_state(struct fake *f, const char *expected, uint64_t generation)
{
	json_t *status = ask_status(f);
	json_t *shown = json_object_get(status, "generation");

	assert_string_equal(json_string_value(json_object_get(status, "state")), expected);
	assert_int_equal(json_integer_value(json_object_get(shown, "number")), generation);
}

TEST(the_state_in_status_tells_the_whole_story)
{
	struct fake *f = *state;
	struct generation *first = fake_generation(f, GEN_BOOTING), *second;

	assert_state(f, "reloading", 1);
	fake_enter(f, first, GEN_SERVING);
	assert_state(f, "serving", 1);
	f->paused = true;
	assert_state(f, "paused", 1);
	f->paused = false;
	second = fake_generation(f, GEN_BUILDING);
	assert_state(f, "reloading", 1);
	fake_fail(f, second);
	assert_state(f, "failed", 2); /* fresh: it answers with 503 */
	generation_destroy(second);
	assert_state(f, "failed", 1); /* overlap: the old one goes on */
	fake_generation(f, GEN_SERVING);
	assert_state(f, "serving", 3);
	f->m.stopping = true;
	assert_state(f, "stopping", 3);
}

TEST(stop_answers_before_it_stops)
{
	struct fake *f = *state;
	json_t *result = fake_assert_ok(f, fake_ask(f, OP("stop")));

	assert_int_equal(json_integer_value(json_object_get(result, "pid")), getpid());
	assert_true(f->stopped && !f->stopped_now);
	fake_assert_ok(f, fake_ask(f, OP_WITH("stop", "\"now\":true")));
	assert_true(f->stopped_now);
}

/* --- reload --- */

TEST(reload_is_answered_when_the_generation_serves)
{
	struct fake *f = *state;
	uint32_t request = fake_ask(f, OP("reload"));

	fake_assert_waiting(f, request);
	assert_int_equal(f->by.uid, 1000);
	assert_int_equal(f->by.pid, 4321);
	fake_enter(f, master_pending(&f->m), GEN_BOOTING);
	fake_assert_waiting(f, request);
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	fake_assert_ok(f, request);
	assert_int_equal(fake_answered_generation(f, request), 1);
}

TEST(reload_can_be_answered_at_once_or_when_the_old_workers_are_gone)
{
	struct fake *f = *state;
	struct generation *old = fake_generation(f, GEN_SERVING), *new;
	uint32_t accepted = fake_ask(f, OP_WITH("reload", "\"wait\":\"accepted\""));
	uint32_t drained = fake_ask(f, OP_WITH("reload", "\"wait\":\"drained\""));

	fake_assert_ok(f, accepted);
	assert_int_equal(fake_answered_generation(f, accepted), 2);
	new = master_pending(&f->m);
	fake_enter(f, new, GEN_SERVING);
	fake_enter(f, old, GEN_DRAINING);
	fake_assert_waiting(f, drained);
	fake_enter(f, old, GEN_RETIRED);
	fake_assert_ok(f, drained);
	assert_int_equal(fake_answered_generation(f, drained), 2);
}

TEST(requests_that_arrive_together_share_one_generation)
{
	struct fake *f = *state;
	uint32_t requests[5];

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		requests[i] = fake_ask(f, OP("reload"));
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		fake_assert_ok(f, requests[i]);
		assert_int_equal(fake_answered_generation(f, requests[i]), 1);
	}
}

TEST(a_failure_names_the_file_as_seen_from_the_directory)
{
	struct fake *f = *state;
	uint32_t request = fake_ask(f, OP("reload"));
	json_t *result, *error;

	fake_fail(f, master_pending(&f->m));
	fake_assert_refused(f, request, "generation_failed",
			    "generation 1 failed: SyntaxError: invalid syntax (main.py:3)");
	result = json_object_get(fake_answer(f, request), "result");
	error = json_object_get(json_object_get(result, "generation"), "error");
	assert_string_equal(json_string_value(json_object_get(error, "detail")), "Traceback …");
}

TEST(a_superseded_reload_says_what_took_its_place)
{
	struct fake *f = *state;
	uint32_t request = fake_ask(f, OP("reload"));
	struct generation *g = master_pending(&f->m);

	g->state = GEN_BOOTING;
	fake_generation(f, GEN_REQUESTED);
	fake_supersede(f, g);
	fake_assert_refused(f, request, "superseded", "the newest generation is 2");
	assert_int_equal(fake_answered_generation(f, request), 1);
}

#define RELOAD_ID(id) "{\"v\":1,\"op\":\"reload\",\"id\":\"" id "\"}"

TEST(a_repeated_id_is_the_same_reload_before_and_after_the_answer)
{
	struct fake *f = *state;
	uint32_t first = fake_ask(f, RELOAD_ID("abc"));
	uint32_t again = fake_ask(f, RELOAD_ID("abc"));

	assert_int_equal(f->reloads, 1);
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	assert_int_equal(fake_answered_generation(f, first), 1);
	assert_int_equal(fake_answered_generation(f, again), 1);

	uint32_t later = fake_ask(f, RELOAD_ID("abc"));
	uint32_t other = fake_ask(f, RELOAD_ID("abd"));

	fake_assert_ok(f, later);
	assert_int_equal(fake_answered_generation(f, later), 1);
	fake_assert_waiting(f, other);
	assert_int_equal(f->reloads, 2);
}

TEST(a_repeated_id_is_answered_even_if_the_generation_is_history)
{
	struct fake *f = *state;
	uint32_t again;

	fake_ask(f, RELOAD_ID("abc"));
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	fake_enter(f, master_current(&f->m), GEN_RETIRED);
	again = fake_ask(f, RELOAD_ID("abc"));
	fake_assert_ok(f, again);
	assert_int_equal(fake_answered_generation(f, again), 1);
	assert_int_equal(f->reloads, 1);
}

TEST(if_generation_guards_against_what_the_caller_has_not_seen)
{
	struct fake *f = *state;

	fake_generation(f, GEN_SERVING);
	fake_assert_refused(f, fake_ask(f, OP_WITH("reload", "\"if_generation\":7")), "conflict",
			    "generation 7 was expected, but 1 serves");
	assert_int_equal(f->reloads, 0);
	fake_assert_waiting(f, fake_ask(f, OP_WITH("reload", "\"if_generation\":1")));
	fake_assert_refused(f, fake_ask(f, OP_WITH("reload", "\"if_generation\":1")), "conflict",
			    "2 is being started");
	assert_int_equal(f->reloads, 1);
}

TEST(if_generation_is_that_which_serves_when_a_newer_one_has_failed)
{
	struct fake *f = *state;
	struct generation *failed;

	fake_generation(f, GEN_SERVING);
	failed = fake_generation(f, GEN_BOOTING);
	fake_fail(f, failed);
	generation_destroy(failed); /* overlap: the old one goes on, and status shows its number */
	fake_assert_waiting(f, fake_ask(f, OP_WITH("reload", "\"if_generation\":1")));
}

TEST(a_daemon_that_stops_starts_nothing)
{
	struct fake *f = *state;

	f->m.stopping = true;
	fake_assert_refused(f, fake_ask(f, OP("reload")), "stopping", "stopping");
	fake_assert_refused(f, fake_ask(f, OP("sync")), "stopping", "stopping");
	assert_int_equal(f->syncs, 0);
}

/* --- sync --- */

TEST(sync_reads_the_watcher_first_and_waits_for_what_it_found)
{
	struct fake *f = *state;
	uint32_t request;

	fake_generation(f, GEN_SERVING);
	f->change_queued = true;
	request = fake_ask(f, OP("sync"));
	assert_int_equal(f->syncs, 1);
	fake_assert_waiting(f, request);
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	fake_assert_ok(f, request);
	assert_int_equal(fake_answered_generation(f, request), 2);
}

TEST(sync_without_a_change_is_answered_at_once_with_the_last_verdict)
{
	struct fake *f = *state;
	uint32_t request;

	fake_generation(f, GEN_SERVING);
	request = fake_ask(f, OP("sync"));
	fake_assert_ok(f, request);
	assert_int_equal(fake_answered_generation(f, request), 1);

	struct generation *failed = fake_generation(f, GEN_BOOTING);

	fake_fail(f, failed);
	fake_assert_refused(f, fake_ask(f, OP("sync")), "generation_failed", "generation 2 failed");
	/* In the overlap policy the old one serves on, yet what was written last does not. */
	generation_destroy(failed);
	fake_assert_refused(f, fake_ask(f, OP("sync")), "generation_failed", "generation 2 failed");
}

TEST(sync_follows_the_generation_that_supersedes_the_one_it_waits_for)
{
	struct fake *f = *state;
	struct generation *g;
	uint32_t request;

	fake_generation(f, GEN_SERVING);
	f->change_queued = true;
	request = fake_ask(f, OP("sync"));
	for (int i = 0; i < 3; i++) {
		g = master_pending(&f->m);
		g->state = GEN_BOOTING;
		/* The successor may be there before the old one fails, or come later. */
		if (i % 2)
			fake_generation(f, GEN_REQUESTED);
		fake_supersede(f, g);
		fake_assert_waiting(f, request);
		if (i % 2 == 0)
			fake_generation(f, GEN_REQUESTED);
	}
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	fake_assert_ok(f, request);
	assert_int_equal(fake_answered_generation(f, request), 5);
}

TEST(sync_does_not_claim_to_serve_what_a_pause_holds_back)
{
	struct fake *f = *state;

	fake_generation(f, GEN_SERVING);
	f->paused = true;
	fake_assert_refused(f, fake_ask(f, OP("sync")), "generation_failed", "blackbullctl resume");
}

TEST(sync_without_reload_answers_with_what_serves)
{
	struct fake *f = *state;
	uint32_t request;

	fake_generation(f, GEN_SERVING);
	f->m.watcher = NULL;
	request = fake_ask(f, OP("sync"));
	fake_assert_ok(f, request);
	assert_int_equal(fake_answered_generation(f, request), 1);
}

/* --- wait, generations --- */

TEST(wait_is_for_the_pending_generation_or_the_last_one_or_the_one_given)
{
	struct fake *f = *state;
	struct generation *first = fake_generation(f, GEN_SERVING);
	uint32_t now = fake_ask(f, OP("wait")), pending, given, first_again;

	assert_int_equal(fake_answered_generation(f, now), 1);
	fake_generation(f, GEN_BOOTING);
	pending = fake_ask(f, OP("wait"));
	given = fake_ask(f, OP_WITH("wait", "\"generation\":2"));
	first_again = fake_ask(f, OP_WITH("wait", "\"generation\":1"));
	assert_int_equal(fake_answered_generation(f, first_again), 1);
	fake_assert_waiting(f, pending);
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	assert_int_equal(fake_answered_generation(f, pending), 2);
	assert_int_equal(fake_answered_generation(f, given), 2);
	fake_enter(f, first, GEN_DRAINING);
	fake_enter(f, first, GEN_RETIRED);
	fake_assert_ok(f, fake_ask(f, OP_WITH("wait", "\"generation\":1")));
	fake_assert_refused(f, fake_ask(f, OP_WITH("wait", "\"generation\":9")), "not_found",
			    "there is no generation 9; the newest is 2");
}

TEST(wait_idle_is_until_nothing_is_under_way_or_draining)
{
	struct fake *f = *state;
	struct generation *old = fake_generation(f, GEN_SERVING);
	struct generation *new = fake_generation(f, GEN_BOOTING);
	uint32_t any = fake_ask(f, OP_WITH("wait", "\"until\":\"idle\""));
	uint32_t first = fake_ask(f, OP_WITH("wait", "\"until\":\"idle\",\"generation\":1"));

	fake_enter(f, new, GEN_SERVING);
	/* The old one is still serving or draining; the fake tells so in two steps. */
	fake_enter(f, old, GEN_DRAINING);
	uint32_t late = fake_ask(f, OP_WITH("wait", "\"until\":\"idle\""));

	fake_assert_waiting(f, late);
	fake_enter(f, old, GEN_RETIRED);
	fake_assert_ok(f, any);
	fake_assert_ok(f, first);
	assert_int_equal(fake_answered_generation(f, late), 2);
}

TEST(generations_are_those_of_the_history_and_those_alive)
{
	struct fake *f = *state;
	json_t *list, *record;

	fake_enter(f, fake_generation(f, GEN_BOOTING), GEN_RETIRED);
	fake_fail(f, fake_generation(f, GEN_BOOTING));
	fake_enter(f, fake_generation(f, GEN_BOOTING), GEN_SERVING);
	fake_generation(f, GEN_BUILDING);
	list = json_object_get(fake_assert_ok(f, fake_ask(f, OP("generations"))), "generations");
	assert_int_equal(json_array_size(list), 4);
	for (size_t i = 0; i < 4; i++) {
		static const char *const states[] = {"retired", "failed", "serving", "building"};

		record = json_array_get(list, i);
		assert_int_equal(json_integer_value(json_object_get(record, "number")), i + 1);
		assert_string_equal(json_string_value(json_object_get(record, "state")), states[i]);
	}
	/* The traceback is for who asks for that one. */
	record = json_object_get(json_array_get(list, 1), "error");
	assert_true(json_is_null(json_object_get(record, "detail")));
	list = json_object_get(
		fake_assert_ok(f, fake_ask(f, OP_WITH("generations", "\"number\":2"))),
		"generations");
	assert_int_equal(json_array_size(list), 1);
	record = json_object_get(json_array_get(list, 0), "error");
	assert_string_equal(json_string_value(json_object_get(record, "detail")), "Traceback …");
	fake_assert_refused(f, fake_ask(f, OP_WITH("generations", "\"number\":99")), "not_found",
			    "no generation 99");
}

TEST(a_generation_of_a_daemon_that_was_killed_is_not_said_to_serve)
{
	struct fake *f = *state;
	struct generation *old = generation_create(1, GEN_START, mono_now());
	json_t *list;

	old->state = GEN_SERVING;
	history_record(f->m.history, old);
	generation_destroy(old);
	f->m.next_number = 2;
	list = json_object_get(fake_assert_ok(f, fake_ask(f, OP("generations"))), "generations");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "state")),
			    "retired");
}

TEST(a_thousand_failures_with_long_tracebacks_fit_into_one_answer)
{
	struct fake *f = *state;
	static char detail[8000];
	json_t *list;

	memset(detail, 'x', sizeof(detail) - 1);
	for (uint64_t n = 1; n <= HISTORY_KEPT; n++) {
		struct generation *g = generation_create(n, GEN_CHANGE, mono_now());

		for (int i = 0; i < 100; i++) {
			char path[64];

			snprintf(path, sizeof(path), "/src/some/long/path/to/a/file%d.py", i);
			assert_int_equal(strv_add(&g->paths, path), 0);
		}
		g->state = GEN_FAILED;
		generation_set_error(g, "import", "Error", NULL, 0, detail);
		history_record(f->m.history, g);
		generation_destroy(g);
	}
	list = json_object_get(fake_assert_ok(f, fake_ask(f, OP("generations"))), "generations");

	size_t n = json_array_size(list);

	assert_in_range(n, 100, HISTORY_KEPT - 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, n - 1), "number")),
			 HISTORY_KEPT);
}

/* --- events, logs --- */

TEST(events_are_replayed_from_a_number_and_the_answer_says_how_far_it_goes)
{
	struct fake *f = *state;
	static const struct {
		const char *request;
		size_t count;
		json_int_t first, last;
		bool lost;
	} cases[] = {
		{OP("events"), 10, 1, 10, false},
		{OP_WITH("events", "\"since\":4"), 6, 5, 10, false},
		{OP_WITH("events", "\"since\":4,\"max\":2"), 2, 5, 6, false},
		{OP_WITH("events", "\"max\":3"), 3, 8, 10, false},
		{OP_WITH("events", "\"max\":0"), 0, 0, 10, false},
		{OP_WITH("events", "\"since\":10"), 0, 0, 10, false},
		{OP_WITH("events", "\"since\":99"), 10, 1, 10,
		 true}, /* a number of another daemon */
	};

	for (int i = 0; i < 10; i++)
		events_emit(f->m.events, "daemon", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *result = fake_assert_ok(f, fake_ask(f, cases[i].request));
		json_t *list = json_object_get(result, "events");

		assert_int_equal(json_array_size(list), cases[i].count);
		if (cases[i].count)
			assert_int_equal(
				json_integer_value(json_object_get(json_array_get(list, 0), "seq")),
				cases[i].first);
		assert_int_equal(json_integer_value(json_object_get(result, "last")),
				 cases[i].last);
		assert_int_equal(json_is_true(json_object_get(result, "lost")), cases[i].lost);
	}
}

static void add_line(struct fake *f, uint64_t generation, const char *text)
{
	logbook_add(f->m.logbook, generation, 0, LOG_STDOUT, text, strlen(text));
	admin_cmd_log_added(&f->m);
}

static const char *first_line(const json_t *result)
{
	json_t *lines = json_object_get(result, "lines");

	return json_string_value(json_object_get(json_array_get(lines, 0), "line"));
}

TEST(logs_are_given_at_once_or_when_there_are_new_ones)
{
	struct fake *f = *state;
	uint32_t waiting, of_two;
	json_t *result;

	add_line(f, 1, "one");
	result = fake_assert_ok(f, fake_ask(f, OP_WITH("logs", "\"lines\":5")));
	assert_string_equal(first_line(result), "one");
	assert_int_equal(json_integer_value(json_object_get(result, "last")), 1);
	result = fake_assert_ok(f, fake_ask(f, OP_WITH("logs", "\"since\":1")));
	assert_int_equal(json_array_size(json_object_get(result, "lines")), 0);

	waiting = fake_ask(f, OP_WITH("logs", "\"since\":1,\"wait\":true"));
	of_two = fake_ask(f, OP_WITH("logs", "\"since\":1,\"wait\":true,\"generation\":2"));
	fake_assert_waiting(f, waiting);
	add_line(f, 1, "two");
	assert_string_equal(first_line(fake_assert_ok(f, waiting)), "two");
	fake_assert_waiting(f, of_two);
	add_line(f, 2, "three");
	assert_string_equal(first_line(fake_assert_ok(f, of_two)), "three");
	/* A number of an earlier daemon: everything is new. */
	result = fake_assert_ok(f, fake_ask(f, OP_WITH("logs", "\"since\":99,\"wait\":true")));
	assert_int_equal(json_array_size(json_object_get(result, "lines")), 3);
}

/* --- paths, why, pause, resume --- */

static size_t count_paths(const json_t *result)
{
	return json_array_size(json_object_get(result, "paths"));
}

TEST(paths_are_added_all_or_none_and_stay_for_the_next_image)
{
	struct fake *f = *state;

	assert_int_equal(count_paths(fake_assert_ok(f, fake_ask(f, OP("paths.list")))), 1);
	assert_int_equal(count_paths(fake_assert_ok(
				 f, fake_ask(f, OP_WITH("paths.add",
							"\"paths\":[\"/usr/../tmp\",\"/src\"]")))),
			 2);
	assert_true(strv_contains(&f->config.reload_paths, "/tmp"));
	assert_int_equal(f->infos, 1);
	fake_assert_refused(
		f, fake_ask(f, OP_WITH("paths.add", "\"paths\":[\"/usr\",\"/not/there\"]")),
		"not_found", "path \"/not/there\": No such file or directory");
	assert_int_equal(f->roots.len, 2);
	assert_int_equal(f->config.reload_paths.len, 2);
	assert_int_equal(f->infos, 1);
}

TEST(only_watched_paths_are_removed)
{
	struct fake *f = *state;

	fake_assert_refused(f, fake_ask(f, OP_WITH("paths.remove", "\"paths\":[\"/src\",\"/x\"]")),
			    "not_found", "path \"/x\" is not one of the watched paths");
	assert_int_equal(f->roots.len, 1);
	assert_int_equal(count_paths(fake_assert_ok(
				 f, fake_ask(f, OP_WITH("paths.remove", "\"paths\":[\"/src/\"]")))),
			 0);
	assert_int_equal(f->config.reload_paths.len, 0);
}

TEST(why_gives_the_rule)
{
	struct fake *f = *state;
	json_t *why = fake_assert_ok(f, fake_ask(f, OP_WITH("why", "\"path\":\"/src/a.py\"")));
	json_t *expected = json_pack("{s:s, s:b, s:s}", "path", "/src/a.py", "reloads", 1, "rule",
				     "matches include *.py");

	assert_true(json_equal(why, expected));
	json_decref(expected);
	f->m.watcher = NULL;
	why = fake_assert_ok(f, fake_ask(f, OP_WITH("why", "\"path\":\"/src/a.py\"")));
	assert_true(json_is_false(json_object_get(why, "reloads")));
}

TEST(pausing_twice_is_one_event)
{
	struct fake *f = *state;

	for (int i = 0; i < 2; i++) {
		json_t *result = fake_assert_ok(f, fake_ask(f, OP("pause")));

		assert_true(json_is_true(json_object_get(result, "paused")));
		assert_true(f->paused);
	}
	assert_int_equal(events_last_seq(f->m.events), 1);
	fake_assert_ok(f, fake_ask(f, OP("resume")));
	assert_false(f->paused);
	assert_int_equal(events_last_seq(f->m.events), 2);
}

TEST(without_reload_there_is_nothing_to_change_about_watching)
{
	static const char *const requests[] = {
		OP("pause"),
		OP("resume"),
		OP_WITH("paths.add", "\"paths\":[\"/tmp\"]"),
		OP_WITH("paths.remove", "\"paths\":[\"/tmp\"]"),
	};
	struct fake *f = *state;

	f->m.watcher = NULL;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		fake_assert_refused(f, fake_ask(f, requests[i]), "generation_failed", "--reload");
	assert_int_equal(count_paths(fake_assert_ok(f, fake_ask(f, OP("paths.list")))), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
		WITH_FAKE(requests_that_make_no_sense_are_refused_with_what_is_wrong),
		WITH_FAKE(null_arguments_are_absent_ones),
		WITH_FAKE(hello_says_who_we_are_to_any_version),
		WITH_FAKE(one_question_to_the_workers_serves_all_who_ask_meanwhile),
		WITH_FAKE(status_has_every_key_that_scripts_rely_on),
		WITH_FAKE(the_state_in_status_tells_the_whole_story),
		WITH_FAKE(stop_answers_before_it_stops),
		WITH_FAKE(reload_is_answered_when_the_generation_serves),
		WITH_FAKE(reload_can_be_answered_at_once_or_when_the_old_workers_are_gone),
		WITH_FAKE(requests_that_arrive_together_share_one_generation),
		WITH_FAKE(a_failure_names_the_file_as_seen_from_the_directory),
		WITH_FAKE(a_superseded_reload_says_what_took_its_place),
		WITH_FAKE(a_repeated_id_is_the_same_reload_before_and_after_the_answer),
		WITH_FAKE(a_repeated_id_is_answered_even_if_the_generation_is_history),
		WITH_FAKE(if_generation_guards_against_what_the_caller_has_not_seen),
		WITH_FAKE(if_generation_is_that_which_serves_when_a_newer_one_has_failed),
		WITH_FAKE(a_daemon_that_stops_starts_nothing),
		WITH_FAKE(sync_reads_the_watcher_first_and_waits_for_what_it_found),
		WITH_FAKE(sync_without_a_change_is_answered_at_once_with_the_last_verdict),
		WITH_FAKE(sync_follows_the_generation_that_supersedes_the_one_it_waits_for),
		WITH_FAKE(sync_does_not_claim_to_serve_what_a_pause_holds_back),
		WITH_FAKE(sync_without_reload_answers_with_what_serves),
		WITH_FAKE(wait_is_for_the_pending_generation_or_the_last_one_or_the_one_given),
		WITH_FAKE(wait_idle_is_until_nothing_is_under_way_or_draining),
		WITH_FAKE(generations_are_those_of_the_history_and_those_alive),
		WITH_FAKE(a_generation_of_a_daemon_that_was_killed_is_not_said_to_serve),
		WITH_FAKE(a_thousand_failures_with_long_tracebacks_fit_into_one_answer),
		WITH_FAKE(events_are_replayed_from_a_number_and_the_answer_says_how_far_it_goes),
		WITH_FAKE(logs_are_given_at_once_or_when_there_are_new_ones),
		WITH_FAKE(paths_are_added_all_or_none_and_stay_for_the_next_image),
		WITH_FAKE(only_watched_paths_are_removed),
		WITH_FAKE(why_gives_the_rule),
		WITH_FAKE(pausing_twice_is_one_event),
		WITH_FAKE(without_reload_there_is_nothing_to_change_about_watching),
#undef WITH_FAKE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
