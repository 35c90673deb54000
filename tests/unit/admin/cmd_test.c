/* What admin requests come to: refusals by table, and the operations on the daemon as a whole. */
#include "common/version.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/fake_master.h"

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
#undef WITH_FAKE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
