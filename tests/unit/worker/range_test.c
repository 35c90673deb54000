/* What a Range asks of a file. */
#include "daemon/worker/range.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

struct range_case {
	const char *value;
	uint64_t size;
	enum range_verdict verdict;
	uint64_t first, len;
};

static void check(const struct range_case *c)
{
	struct range r = {77, 77};
	enum range_verdict v = range_parse(c->value, strlen(c->value), c->size, &r);

	if (v != c->verdict)
		print_error("\"%s\" of %llu\n", c->value, (unsigned long long)c->size);
	assert_int_equal(v, c->verdict);
	assert_int_equal(r.first, v == RANGE_PART ? c->first : 77);
	assert_int_equal(r.len, v == RANGE_PART ? c->len : 77);
}

TEST(one_range_is_a_part)
{
	static const struct range_case cases[] = {
		{"bytes=0-0", 10, RANGE_PART, 0, 1},
		{"bytes=0-9", 10, RANGE_PART, 0, 10},
		{"bytes=2-5", 10, RANGE_PART, 2, 4},
		{"bytes=9-", 10, RANGE_PART, 9, 1},
		{"bytes=0-", 10, RANGE_PART, 0, 10},
		{"bytes=5-500", 10, RANGE_PART, 5, 5},
		{"bytes=5-99999999999999999999999999", 10, RANGE_PART, 5, 5},
		{"bytes=-3", 10, RANGE_PART, 7, 3},
		{"bytes=-10", 10, RANGE_PART, 0, 10},
		{"bytes=-999", 10, RANGE_PART, 0, 10},
		{"Bytes= 1-2 ", 10, RANGE_PART, 1, 2},
		{"bytes=0-18446744073709551615", UINT64_MAX, RANGE_PART, 0, UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i]);
}

TEST(a_range_behind_the_end_cannot_be_satisfied)
{
	static const struct range_case cases[] = {
		{"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-0", 0, RANGE_UNSATISFIABLE, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i]);
}

TEST(what_is_malformed_or_several_is_ignored)
{
	static const char *const values[] = {
		"",	     "bytes",	      "bytes=",	    "bytes=-",	  "bytes=5-2", "bytes=a-b",
		"bytes=1",   "bytes=1-2,4-5", "bytes=1-2x", "bytes=1--2", "bytes=- 3", "items=0-1",
		"bytes 0-1", "bytes=0x0-1",   "bytes=+1-2", "bytes=1 -2", "bytes=,",
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		check(&(struct range_case){values[i], 10, RANGE_WHOLE, 0, 0});
	check(&(struct range_case){"bytes=-5", 0, RANGE_WHOLE, 0, 0});
}

TEST(no_byte_behind_the_value_is_read)
{
	struct range r;

	assert_int_equal(range_parse("bytes=1-23", 9, 100, &r), RANGE_PART);
	assert_int_equal(r.len, 2);
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(range_parse("bytes=1-2", len, 100, &r), RANGE_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_a_part),
		cmocka_unit_test(a_range_behind_the_end_cannot_be_satisfied),
		cmocka_unit_test(what_is_malformed_or_several_is_ignored),
		cmocka_unit_test(no_byte_behind_the_value_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
