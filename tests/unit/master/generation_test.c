/* Generations: transitions by table, times that add up, state that survives. */
#include "daemon/master/generation.h"
#include "tests/support/unit.h"

#include <string.h>

static const struct {
	enum gen_state from;
	enum gen_event event;
	enum gen_state to;
} allowed[] = {
	{GEN_REQUESTED, GEN_EV_BUILD, GEN_BUILDING},
	{GEN_REQUESTED, GEN_EV_HAND_OVER, GEN_HANDING_OVER},
	{GEN_REQUESTED, GEN_EV_BOOT, GEN_BOOTING},
	{GEN_REQUESTED, GEN_EV_FAIL, GEN_FAILED},
	{GEN_BUILDING, GEN_EV_HAND_OVER, GEN_HANDING_OVER},
	{GEN_BUILDING, GEN_EV_FAIL, GEN_FAILED},
	{GEN_HANDING_OVER, GEN_EV_BOOT, GEN_BOOTING},
	{GEN_HANDING_OVER, GEN_EV_FAIL, GEN_FAILED},
	{GEN_BOOTING, GEN_EV_READY, GEN_SERVING},
	{GEN_BOOTING, GEN_EV_FAIL, GEN_FAILED},
	{GEN_SERVING, GEN_EV_REPLACED, GEN_DRAINING},
	{GEN_SERVING, GEN_EV_GONE, GEN_RETIRED},
	{GEN_DRAINING, GEN_EV_GONE, GEN_RETIRED},
};

TEST(only_the_drawn_transitions_are_allowed)
{
	size_t found = 0;

	for (int s = 0; s < GEN_STATES; s++) {
		for (int e = 0; e <= GEN_EV_FAIL; e++) {
			enum gen_state next = GEN_REQUESTED, expected = GEN_REQUESTED;
			bool is_allowed = false;

			for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
				if ((int)allowed[i].from == s && (int)allowed[i].event == e) {
					is_allowed = true;
					expected = allowed[i].to;
				}
			}
			assert_int_equal(
				gen_transition((enum gen_state)s, (enum gen_event)e, &next),
				is_allowed);
			assert_int_equal(next, expected);
			found += is_allowed;
		}
	}
	assert_int_equal(found, ARRAY_LEN(allowed));
}

TEST(every_name_is_that_of_the_json)
{
	assert_string_equal(gen_state_name(GEN_HANDING_OVER), "handing-over");
	assert_string_equal(gen_state_name(GEN_RETIRED), "retired");
	assert_string_equal(gen_reason_name(GEN_CHANGE), "change");
}

static double stage(const json_t *g, const char *name)
{
	return json_real_value(json_object_get(json_object_get(g, "stages_ms"), name));
}

static struct generation *served_generation(void)
{
	struct mono t = {.ns = 1000000000};
	struct generation *g = generation_create(7, GEN_CHANGE, t);

	g->entered[GEN_REQUESTED] = mono_add_ms(t, 3);
	generation_apply(g, GEN_EV_BUILD, mono_add_ms(t, 4));
	generation_apply(g, GEN_EV_HAND_OVER, mono_add_ms(t, 10));
	generation_apply(g, GEN_EV_BOOT, mono_add_ms(t, 15));
	generation_apply(g, GEN_EV_READY, mono_add_ms(t, 40));
	return g;
}

TEST(stage_times_add_up_to_the_total)
{
	struct generation *g = served_generation();
	json_t *j = generation_to_json(g);

	assert_float_equal((float)stage(j, "detect"), 4.0F, 0.001F);
	assert_float_equal((float)stage(j, "build"), 6.0F, 0.001F);
	assert_float_equal((float)stage(j, "handover"), 5.0F, 0.001F);
	assert_float_equal((float)stage(j, "boot"), 25.0F, 0.001F);
	assert_float_equal((float)stage(j, "total"), 40.0F, 0.001F);
	json_decref(j);
	generation_destroy(g);
}

TEST(a_stage_that_did_not_happen_is_null)
{
	struct generation *g = generation_create(1, GEN_START, mono_now());
	json_t *j = generation_to_json(g);

	assert_true(json_is_null(json_object_get(json_object_get(j, "stages_ms"), "build")));
	assert_true(json_is_null(json_object_get(json_object_get(j, "stages_ms"), "total")));
	assert_true(json_is_null(json_object_get(j, "served_at")));
	assert_true(json_is_null(json_object_get(j, "error")));
	assert_true(json_is_null(json_object_get(j, "requested_by")));
	assert_true(json_is_array(json_object_get(j, "paths")));
	json_decref(j);
	generation_destroy(g);
}

TEST(a_generation_survives_the_hand_over)
{
	struct generation *g = served_generation(), *copy;
	json_t *saved, *before, *after;

	assert_int_equal(strv_add(&g->paths, "/src/main.py"), 0);
	g->has_requester = true;
	g->uid = 1000;
	g->pid = 4242;
	generation_set_error(g, "import", "SyntaxError: invalid syntax", "/src/main.py", 3,
			     "Traceback");
	saved = generation_save(g);
	copy = generation_restore(saved);
	assert_non_null(copy);
	before = generation_to_json(g);
	after = generation_to_json(copy);
	assert_true(json_equal(before, after));
	json_decref(saved);
	json_decref(before);
	json_decref(after);
	generation_destroy(g);
	generation_destroy(copy);
}

TEST(state_that_is_no_generation_is_refused)
{
	static const char *const bad[] = {"{}", "[]", "{\"number\":0,\"state\":0,\"reason\":0}",
					  "{\"number\":1,\"state\":8,\"reason\":0}",
					  "{\"number\":1,\"state\":0,\"reason\":9}"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *j = json_loads(bad[i], 0, NULL);

		assert_null(generation_restore(j));
		json_decref(j);
	}
}

TEST(only_the_first_error_is_kept)
{
	struct generation *g = generation_create(1, GEN_START, mono_now());

	generation_set_error(g, "boot", "first", NULL, 0, NULL);
	generation_set_error(g, "boot", "second", NULL, 0, NULL);
	assert_string_equal(g->error->message, "first");
	generation_destroy(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_drawn_transitions_are_allowed),
		cmocka_unit_test(every_name_is_that_of_the_json),
		cmocka_unit_test(stage_times_add_up_to_the_total),
		cmocka_unit_test(a_stage_that_did_not_happen_is_null),
		cmocka_unit_test(a_generation_survives_the_hand_over),
		cmocka_unit_test(state_that_is_no_generation_is_refused),
		cmocka_unit_test(only_the_first_error_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
