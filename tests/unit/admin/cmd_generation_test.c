/* What requests about generations come to: reload, sync, wait, generations. */
#include "daemon/master/history.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/fake_master.h"

#include <stdio.h>
#include <string.h>

#define OP(op)		  "{\"v\":1,\"op\":\"" op "\"}"
#define OP_WITH(op, args) "{\"v\":1,\"op\":\"" op "\",\"args\":{" args "}}"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
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
#undef WITH_FAKE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
