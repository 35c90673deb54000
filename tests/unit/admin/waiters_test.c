/* Requests that are answered later: what they wait for, across an exec, and how many there may be. */
#include "daemon/master/waiters.h"

#include "daemon/master/admin_cmd.h"
#include "daemon/master/logbook.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/fake_master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct admin_peer peer = {.conn = 1, .request = 0x80000001u, .uid = 1000, .pid = 1};

/* The waiters of the next image. */
static void exec_waiters(struct fake *f)
{
	json_t *state = waiters_save(f->m.waiters);
	char *text = json_dumps(state, 0);
	json_t *read = json_loads(text, 0, NULL);

	waiters_destroy(f->m.waiters);
	f->m.waiters = waiters_create();
	assert_int_equal(waiters_restore(f->m.waiters, read), 0);
	json_decref(state);
	json_decref(read);
	free(text);
}

TEST(what_is_waited_for_decides_when_the_answer_comes)
{
	static const struct {
		enum wait_until until;
		enum gen_state older, newer;
		bool answered;
	} cases[] = {
		{WAIT_READY, GEN_SERVING, GEN_REQUESTED, false},
		{WAIT_READY, GEN_SERVING, GEN_BUILDING, false},
		{WAIT_READY, GEN_SERVING, GEN_HANDING_OVER, false},
		{WAIT_READY, GEN_DRAINING, GEN_BOOTING, false},
		{WAIT_READY, GEN_DRAINING, GEN_SERVING, true},
		{WAIT_READY, GEN_DRAINING, GEN_FAILED, true},
		{WAIT_READY, GEN_DRAINING, GEN_DRAINING, true},
		{WAIT_DRAINED, GEN_SERVING, GEN_BOOTING, false},
		{WAIT_DRAINED, GEN_SERVING, GEN_SERVING, false},
		{WAIT_DRAINED, GEN_DRAINING, GEN_SERVING, false},
		{WAIT_DRAINED, GEN_RETIRED, GEN_SERVING, true},
		{WAIT_DRAINED, GEN_FAILED, GEN_SERVING, true},
		{WAIT_DRAINED, GEN_SERVING, GEN_FAILED, true},
		{WAIT_IDLE, GEN_SERVING, GEN_BOOTING, false},
		{WAIT_IDLE, GEN_DRAINING, GEN_SERVING, false},
		{WAIT_IDLE, GEN_RETIRED, GEN_SERVING, true},
		{WAIT_IDLE, GEN_SERVING, GEN_SERVING, false},
		{WAIT_IDLE, GEN_RETIRED, GEN_FAILED, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		void *one;
		struct fake *f;

		fake_setup(&one);
		f = one;
		fake_generation(f, cases[i].older);
		fake_generation(f, cases[i].newer);
		waiters_add(&f->m, &peer, 2, cases[i].until, false, NULL);
		if ((fake_answer(f, peer.request) != NULL) != cases[i].answered)
			fail_msg("case %zu", i);
		fake_teardown(&one);
	}
	(void)state;
}

TEST(an_answer_is_given_once)
{
	struct fake *f = *state;
	struct generation *g = fake_generation(f, GEN_BOOTING);

	waiters_add(&f->m, &peer, 1, WAIT_READY, false, NULL);
	fake_enter(f, g, GEN_SERVING);
	fake_enter(f, g, GEN_DRAINING);
	assert_int_equal(f->count, 1);
}

TEST(waiters_are_answered_by_the_next_image)
{
	struct fake *f = *state;
	struct generation *g = fake_generation(f, GEN_BOOTING);
	uint32_t wait = fake_ask(f, "{\"v\":1,\"op\":\"wait\"}");
	uint32_t sync = fake_ask(f, "{\"v\":1,\"op\":\"sync\"}");
	uint32_t idle = fake_ask(f, "{\"v\":1,\"op\":\"wait\",\"args\":{\"until\":\"idle\"}}");
	uint32_t logs =
		fake_ask(f, "{\"v\":1,\"op\":\"logs\",\"args\":{\"since\":0,\"wait\":true}}");

	exec_waiters(f);
	fake_generation(f, GEN_REQUESTED);
	fake_supersede(f, g);
	fake_assert_refused(f, wait, "superseded", "generation 1");
	exec_waiters(f);
	fake_enter(f, master_pending(&f->m), GEN_SERVING);
	assert_int_equal(fake_answered_generation(f, sync), 2);
	assert_int_equal(fake_answered_generation(f, idle), 2);
	fake_assert_waiting(f, logs);
	logbook_add(f->m.logbook, 2, 0, LOG_STDOUT, "hello", 5);
	admin_cmd_log_added(&f->m);
	fake_assert_ok(f, logs);
	assert_int_equal(f->answers[f->count - 1].to.conn, 1);
	assert_int_equal(f->answers[f->count - 1].to.uid, 1000);
}

TEST(ids_are_known_to_the_next_image_and_the_oldest_go_first)
{
	struct fake *f = *state;
	char id[16];

	for (uint64_t n = 1; n <= 300; n++) {
		snprintf(id, sizeof(id), "id-%d", (int)n);
		waiters_keep_id(f->m.waiters, id, n);
		if (n % 77 == 0)
			exec_waiters(f);
	}
	assert_int_equal(waiters_find_id(f->m.waiters, "id-300"), 300);
	assert_int_equal(waiters_find_id(f->m.waiters, "id-45"), 45);
	assert_int_equal(waiters_find_id(f->m.waiters, "id-44"), 0);
	waiters_keep_id(f->m.waiters, "id-300", 7);
	assert_int_equal(waiters_find_id(f->m.waiters, "id-300"), 300);
}

TEST(whoever_is_left_when_the_daemon_stops_is_told_so)
{
	struct fake *f = *state;
	uint32_t requests[3];

	struct generation *g = fake_generation(f, GEN_BOOTING);

	requests[0] = fake_ask(f, "{\"v\":1,\"op\":\"wait\"}");
	requests[1] = fake_ask(f, "{\"v\":1,\"op\":\"logs\",\"args\":{\"since\":0,\"wait\":true}}");
	requests[2] = fake_ask(f, "{\"v\":1,\"op\":\"reload\"}");
	f->m.stopping = true;
	fake_fail(f, g); /* because of the stop: not the answer */
	waiters_stop(&f->m);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		fake_assert_refused(f, requests[i], "stopping", "the daemon is stopping");
	fake_generation(f, GEN_BOOTING);
	fake_assert_refused(f, fake_ask(f, "{\"v\":1,\"op\":\"wait\"}"), "stopping", "stopping");
}

TEST(a_generation_that_nobody_knows_any_more_is_not_waited_for)
{
	struct fake *f = *state;

	waiters_add(&f->m, &peer, 77, WAIT_READY, false, NULL);
	fake_assert_refused(f, peer.request, "not_found", "generation 77 is no longer known");
}

TEST(without_any_generation_there_is_nothing_to_be_idle)
{
	struct fake *f = *state;

	fake_assert_refused(f, fake_ask(f, "{\"v\":1,\"op\":\"wait\"}"), "not_found",
			    "there is no generation yet");
}

TEST(requests_of_clients_that_have_left_make_room)
{
	struct fake *f = *state;
	struct generation *g = fake_generation(f, GEN_BOOTING);
	struct admin_peer one = peer;
	size_t refused = 0;

	for (int i = 0; i < 1100; i++) {
		one.request++;
		waiters_add(&f->m, &one, 1, WAIT_READY, false, NULL);
	}
	refused = f->count;
	assert_int_equal(refused, 1100 - 1024);
	fake_assert_refused(f, one.request, "generation_failed",
			    "1024 requests are waiting already");
	f->gone = true;
	one.request++;
	waiters_add(&f->m, &one, 1, WAIT_READY, false, NULL);
	fake_assert_waiting(f, one.request);
	fake_enter(f, g, GEN_SERVING);
	assert_int_equal(f->count, refused + 1);
}

TEST(state_that_makes_no_sense_is_left_out)
{
	static const char *const states[] = {
		"{}",
		"{\"waiting\":7,\"deferred\":\"x\",\"ids\":{}}",
		"{\"waiting\":[7,{},{\"number\":-1,\"until\":0,\"peer\":[1,2,3,4]},"
		"{\"number\":1,\"until\":9,\"peer\":[1,2,3,4]},{\"number\":1,\"until\":0,\"peer\":["
		"1]}],"
		"\"deferred\":[{},{\"op\":\"logs\"},{\"op\":\"logs\",\"args\":[],\"peer\":[1,2,3,4]"
		"}],"
		"\"ids\":[[],[1,2],[\"x\",-1]]}",
	};
	struct fake *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		json_t *j = json_loads(states[i], 0, NULL);

		assert_non_null(j);
		assert_int_equal(waiters_restore(f->m.waiters, j), 0);
		json_decref(j);
	}
	waiters_stop(&f->m);
	assert_int_equal(f->count, 0);
	assert_int_equal(waiters_restore(f->m.waiters, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
		cmocka_unit_test(what_is_waited_for_decides_when_the_answer_comes),
		WITH_FAKE(an_answer_is_given_once),
		WITH_FAKE(waiters_are_answered_by_the_next_image),
		WITH_FAKE(ids_are_known_to_the_next_image_and_the_oldest_go_first),
		WITH_FAKE(whoever_is_left_when_the_daemon_stops_is_told_so),
		WITH_FAKE(a_generation_that_nobody_knows_any_more_is_not_waited_for),
		WITH_FAKE(without_any_generation_there_is_nothing_to_be_idle),
		WITH_FAKE(requests_of_clients_that_have_left_make_room),
		WITH_FAKE(state_that_makes_no_sense_is_left_out),
#undef WITH_FAKE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
