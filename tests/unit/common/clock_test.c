/* Times as text, there and back. */
#include "common/clock.h"
#include "tests/support/unit.h"

#include <errno.h>

TEST(wall_times_are_rfc_3339_in_utc_with_milliseconds)
{
	char text[WALL_RFC3339_LEN];

	assert_string_equal(wall_format((struct wall){0}, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(wall_format((struct wall){1795394895123456789}, text),
			    "2026-11-23T00:48:15.123Z");
	assert_string_equal(wall_format((struct wall){-1}, text), "1969-12-31T23:59:59.999Z");
}

TEST(a_formatted_time_parses_back_to_its_millisecond)
{
	static const int64_t times[] = {0, 1795394895123000000, 951782400000000000,
					-86400000000000};

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char text[WALL_RFC3339_LEN];
		struct wall t;

		wall_format((struct wall){times[i]}, text);
		assert_int_equal(wall_parse(text, &t), 0);
		assert_int_equal(t.ns, times[i]);
	}
}

TEST(what_is_not_a_time_is_refused)
{
	static const char *const bad[] = {
		"",
		"2026-11-23",
		"2026-11-23 00:48:15.123Z",
		"2026-11-23T00:48:15.123",
		"2026-11-23T00:48:15.123Zx",
		"2026-11-23T00:48:15,123Z",
		"2026-02-30T00:48:15.123Z",
		"2026-13-01T00:48:15.123Z",
		"2026-11-23T24:48:15.123Z",
		"2026-11-23T00:60:15.123Z",
		"2026-11-23T00:48:1x.123Z",
		"9999-11-23T00:48:15.123Z",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct wall t = {42};

		assert_int_equal(wall_parse(bad[i], &t), -EINVAL);
		assert_int_equal(t.ns, 42);
	}
}

TEST(monotonic_time_is_set_and_never_runs_backwards)
{
	struct mono a = mono_now(), b = mono_now();

	assert_true(mono_is_set(a));
	assert_false(mono_is_set((struct mono){0}));
	assert_false(mono_before(b, a));
	assert_true(mono_before(a, mono_add_ms(b, 1)));
	assert_true(mono_diff_ms(mono_add_ms(a, 1500), a) == 1500.0);
	assert_true(mono_diff_ms(a, mono_add_ms(a, 2)) == -2.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_times_are_rfc_3339_in_utc_with_milliseconds),
		cmocka_unit_test(a_formatted_time_parses_back_to_its_millisecond),
		cmocka_unit_test(what_is_not_a_time_is_refused),
		cmocka_unit_test(monotonic_time_is_set_and_never_runs_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
