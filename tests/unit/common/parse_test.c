/* Tables of texts and what they mean, or why they are refused. */
#include "common/parse.h"
#include "tests/support/unit.h"

#include <errno.h>

TEST(unsigned_numbers_are_digits_within_their_range)
{
	static const struct {
		const char *text;
		uint64_t max;
		int ret;
		uint64_t value;
	} rows[] = {
		{"1", 10, 0, 1},
		{"10", 10, 0, 10},
		{"007", 10, 0, 7},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999", UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999x", UINT64_MAX, -EINVAL, 0},
		{"0", 10, -ERANGE, 0},
		{"11", 10, -ERANGE, 0},
		{"", 10, -EINVAL, 0},
		{" 1", 10, -EINVAL, 0},
		{"1 ", 10, -EINVAL, 0},
		{"+1", 10, -EINVAL, 0},
		{"-1", 10, -EINVAL, 0},
		{"0x1", 10, -EINVAL, 0},
		{"1.0", 10, -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t v = 42;

		assert_int_equal(parse_uint(rows[i].text, 1, rows[i].max, &v), rows[i].ret);
		assert_int_equal(v, rows[i].ret ? 42 : rows[i].value);
	}
}

TEST(signed_numbers_reach_both_ends)
{
	static const struct {
		const char *text;
		int ret;
		int64_t value;
	} rows[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"-17", 0, -17},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775809", -ERANGE, 0},
		{"-", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 42;

		assert_int_equal(parse_int(rows[i].text, INT64_MIN, INT64_MAX, &v), rows[i].ret);
		assert_int_equal(v, rows[i].ret ? 42 : rows[i].value);
	}

	int64_t v = 42;

	assert_int_equal(parse_int("5", -4, 4, &v), -ERANGE);
	assert_int_equal(parse_int("-5", -4, 4, &v), -ERANGE);
	assert_int_equal(v, 42);
}

TEST(booleans_have_four_spellings_each)
{
	static const char *const yes[] = {"1", "true", "YES", "On"};
	static const char *const no[] = {"0", "False", "no", "OFF"};
	static const char *const bad[] = {"", "2", "y", "enable", "true "};
	bool v = false;

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		v = false;
		assert_int_equal(parse_bool(yes[i], &v), 0);
		assert_true(v);
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		v = true;
		assert_int_equal(parse_bool(no[i], &v), 0);
		assert_false(v);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse_bool(bad[i], &v), -EINVAL);
}

TEST(sizes_take_binary_units)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t value;
	} rows[] = {
		{"0", 0, 0},
		{"65536", 0, 65536},
		{"10b", 0, 10},
		{"64k", 0, 65536},
		{"64K", 0, 65536},
		{"64kb", 0, 65536},
		{"64KiB", 0, 65536},
		{"1m", 0, 1048576},
		{"2g", 0, 2147483648},
		{"1t", 0, 1099511627776},
		{"16777215t", 0, UINT64_MAX - 1099511627775},
		{"16777216t", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"k", -EINVAL, 0},
		{"10ib", -EINVAL, 0},
		{"10kk", -EINVAL, 0},
		{"10 k", -EINVAL, 0},
		{"-1k", -EINVAL, 0},
		{"1.5k", -EINVAL, 0},
		{"10x", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t v = 42;

		assert_int_equal(parse_size(rows[i].text, &v), rows[i].ret);
		assert_int_equal(v, rows[i].ret ? 42 : rows[i].value);
	}
}

TEST(times_are_seconds_unless_they_say_otherwise)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t value;
	} rows[] = {
		{"10", 0, 10000},
		{"0", 0, 0},
		{"0.5", 0, 500},
		{"0.25s", 0, 250},
		{"500ms", 0, 500},
		{"1.5ms", 0, 2},
		{"0.0001", 0, 1},
		{"2m", 0, 120000},
		{"1.5m", 0, 90000},
		{"1h", 0, 3600000},
		{"1H", 0, 3600000},
		{"18446744073709551615", -ERANGE, 0},
		{"18446744073709551616ms", -ERANGE, 0},
		{"", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{"1.0000000001", -EINVAL, 0},
		{"5x", -EINVAL, 0},
		{"5 s", -EINVAL, 0},
		{"-5", -EINVAL, 0},
		{"inf", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t v = 42;

		assert_int_equal(parse_seconds(rows[i].text, &v), rows[i].ret);
		assert_int_equal(v, rows[i].ret ? 42 : rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_numbers_are_digits_within_their_range),
		cmocka_unit_test(signed_numbers_reach_both_ends),
		cmocka_unit_test(booleans_have_four_spellings_each),
		cmocka_unit_test(sizes_take_binary_units),
		cmocka_unit_test(times_are_seconds_unless_they_say_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
