/* When there is to be a nursery: sequences of events, and what is to be done after them. */
#include "daemon/master/nursery_policy.h"

#include "tests/support/unit.h"

static void apply(struct nursery_policy *p, const enum nursery_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nursery_policy_apply(p, events[i], NULL);
}

#define APPLY(p, ...)                                            \
	do {                                                     \
		const enum nursery_event list[] = {__VA_ARGS__}; \
		apply(p, list, ARRAY_LEN(list));                 \
	} while (0)

/* One that is warm, whose first generation serves. */
static struct nursery_policy warm(void)
{
	struct nursery_policy p;

	nursery_policy_init(&p);
	APPLY(&p, NURSERY_EV_POSSIBLE, NURSERY_EV_BUSY, NURSERY_EV_IDLE, NURSERY_EV_LEARNT,
	      NURSERY_EV_STARTED, NURSERY_EV_WARM);
	return p;
}

TEST(nothing_starts_before_it_is_known_what_to_import_and_somebody_serves)
{
	struct nursery_policy p;

	nursery_policy_init(&p);
	assert_int_equal(p.state, NURSERY_OFF);
	APPLY(&p, NURSERY_EV_POSSIBLE, NURSERY_EV_BUSY);
	assert_int_equal(p.state, NURSERY_COLD);
	assert_false(nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_LEARNT);
	assert_false(nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_IDLE);
	assert_true(nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_STARTED);
	assert_int_equal(p.state, NURSERY_WARMING);
	assert_true(nursery_policy_keeps(&p));
	assert_false(nursery_policy_bears(&p));
	APPLY(&p, NURSERY_EV_WARM);
	assert_true(nursery_policy_bears(&p));
}

TEST(where_it_is_impossible_it_is_off_and_comes_back_when_it_is_not)
{
	struct nursery_policy p = warm();

	nursery_policy_apply(&p, NURSERY_EV_IMPOSSIBLE, "only with --reload");
	assert_int_equal(p.state, NURSERY_OFF);
	assert_string_equal(p.reason, "only with --reload");
	assert_false(nursery_policy_keeps(&p) || nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_POSSIBLE);
	assert_int_equal(p.state, NURSERY_COLD);
	assert_true(nursery_policy_starts(&p));
}

TEST(an_application_that_forbids_it_has_none_until_it_does_not)
{
	struct nursery_policy p = warm();

	APPLY(&p, NURSERY_EV_FORBIDDEN);
	assert_int_equal(p.state, NURSERY_OFF);
	APPLY(&p, NURSERY_EV_LEARNT);
	assert_int_equal(p.state, NURSERY_COLD);
	assert_true(nursery_policy_starts(&p));
}

TEST(a_better_list_makes_another_one_but_not_while_a_generation_boots)
{
	struct nursery_policy p = warm();

	APPLY(&p, NURSERY_EV_BUSY, NURSERY_EV_LEARNT);
	assert_true(nursery_policy_keeps(&p));
	assert_true(nursery_policy_bears(&p));
	APPLY(&p, NURSERY_EV_IDLE);
	assert_false(nursery_policy_keeps(&p));
	APPLY(&p, NURSERY_EV_STARTED);
	assert_true(nursery_policy_keeps(&p));
}

TEST(one_that_refused_is_made_anew_once_the_generation_serves)
{
	struct nursery_policy p = warm();

	APPLY(&p, NURSERY_EV_BUSY);
	nursery_policy_apply(&p, NURSERY_EV_REFUSED, "x.py has changed");
	assert_int_equal(p.state, NURSERY_COLD);
	assert_string_equal(p.reason, "x.py has changed");
	assert_false(nursery_policy_keeps(&p) || nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_IDLE);
	assert_true(nursery_policy_starts(&p));
}

TEST(too_many_mishaps_in_a_row_end_it_for_the_session)
{
	struct nursery_policy p = warm();

	for (int i = 0; i < 4; i++)
		APPLY(&p, NURSERY_EV_REFUSED, NURSERY_EV_STARTED, NURSERY_EV_WARM);
	assert_int_equal(p.state, NURSERY_WARM);
	APPLY(&p, NURSERY_EV_SERVED);
	for (int i = 0; i < 4; i++)
		APPLY(&p, NURSERY_EV_REFUSED, NURSERY_EV_STARTED, NURSERY_EV_WARM);
	assert_int_equal(p.state, NURSERY_WARM);
	APPLY(&p, NURSERY_EV_DIED);
	assert_int_equal(p.state, NURSERY_OFF);
	assert_false(nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_LEARNT, NURSERY_EV_IDLE);
	assert_int_equal(p.state, NURSERY_OFF);
}

TEST(one_that_is_spoilt_again_and_again_imports_nothing_of_the_applications_in_the_end)
{
	struct nursery_policy p = warm();
	int tries = 0;

	APPLY(&p, NURSERY_EV_LEARNT);
	while (!p.bare && tries++ < 20)
		APPLY(&p, NURSERY_EV_STARTED, NURSERY_EV_SPOILT);
	assert_true(p.bare && tries > 2 && tries < 10);
	assert_true(nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_STARTED, NURSERY_EV_WARM);
	assert_true(nursery_policy_bears(&p));
	/* With something else to import it is worth another try. */
	APPLY(&p, NURSERY_EV_LEARNT);
	assert_false(p.bare);
}

TEST(one_that_cannot_even_import_nothing_is_given_up)
{
	struct nursery_policy p = warm();
	int tries = 0;

	APPLY(&p, NURSERY_EV_LEARNT);
	while (p.state != NURSERY_OFF && tries++ < 20)
		APPLY(&p, NURSERY_EV_STARTED, NURSERY_EV_DIED);
	assert_true(p.bare && p.over && tries < 12);
}

TEST(a_suspect_bears_nobody_until_it_is_acquitted)
{
	struct nursery_policy p = warm();

	nursery_policy_apply(&p, NURSERY_EV_SUSPECT, "a worker crashed");
	assert_true(nursery_policy_keeps(&p));
	assert_false(nursery_policy_bears(&p));
	nursery_policy_apply(&p, NURSERY_EV_ACQUIT, "");
	assert_true(nursery_policy_bears(&p));
	assert_string_equal(p.reason, "");
}

TEST(a_convict_is_out_for_the_session_and_the_reason_stays)
{
	struct nursery_policy p = warm();

	nursery_policy_apply(&p, NURSERY_EV_SUSPECT, "a worker crashed");
	APPLY(&p, NURSERY_EV_CONVICT);
	assert_int_equal(p.state, NURSERY_OFF);
	assert_false(nursery_policy_keeps(&p));
	APPLY(&p, NURSERY_EV_IDLE, NURSERY_EV_LEARNT);
	assert_false(nursery_policy_starts(&p));
	assert_string_equal(p.reason, "a worker crashed");
}

TEST(what_is_forgotten_is_learnt_before_there_is_another_one)
{
	struct nursery_policy p = warm();

	APPLY(&p, NURSERY_EV_FORGOTTEN);
	assert_int_equal(p.state, NURSERY_COLD);
	assert_false(nursery_policy_keeps(&p) || nursery_policy_starts(&p));
	APPLY(&p, NURSERY_EV_LEARNT);
	assert_true(nursery_policy_starts(&p));
}

TEST(every_state_has_the_name_that_status_shows)
{
	assert_string_equal(nursery_state_name(NURSERY_OFF), "off");
	assert_string_equal(nursery_state_name(NURSERY_COLD), "cold");
	assert_string_equal(nursery_state_name(NURSERY_WARMING), "warming");
	assert_string_equal(nursery_state_name(NURSERY_WARM), "warm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			nothing_starts_before_it_is_known_what_to_import_and_somebody_serves),
		cmocka_unit_test(where_it_is_impossible_it_is_off_and_comes_back_when_it_is_not),
		cmocka_unit_test(an_application_that_forbids_it_has_none_until_it_does_not),
		cmocka_unit_test(a_better_list_makes_another_one_but_not_while_a_generation_boots),
		cmocka_unit_test(one_that_refused_is_made_anew_once_the_generation_serves),
		cmocka_unit_test(too_many_mishaps_in_a_row_end_it_for_the_session),
		cmocka_unit_test(
			one_that_is_spoilt_again_and_again_imports_nothing_of_the_applications_in_the_end),
		cmocka_unit_test(one_that_cannot_even_import_nothing_is_given_up),
		cmocka_unit_test(a_suspect_bears_nobody_until_it_is_acquitted),
		cmocka_unit_test(a_convict_is_out_for_the_session_and_the_reason_stays),
		cmocka_unit_test(what_is_forgotten_is_learnt_before_there_is_another_one),
		cmocka_unit_test(every_state_has_the_name_that_status_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
