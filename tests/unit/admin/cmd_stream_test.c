/* What requests about events, logs and watching come to. */
#include "daemon/master/admin_cmd.h"
#include "daemon/master/events.h"
#include "daemon/master/logbook.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/fake_master.h"

#include <stdio.h>
#include <string.h>

#define OP(op)		  "{\"v\":1,\"op\":\"" op "\"}"
#define OP_WITH(op, args) "{\"v\":1,\"op\":\"" op "\",\"args\":{" args "}}"

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
