/* Conditional requests, case by case of RFC 9110 §13.2.2. */
#include "daemon/worker/conditional.h"

#include "tests/support/unit.h"

#include <string.h>

#define ETAG   "\"1-2-3\""
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME   "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define LINES  4

static const struct validators file = {ETAG, 784111777, 1795000000};

/* Names and values in turn, up to a NULL. */
static size_t make_headers(struct http_header *h, const char *const *text)
{
	size_t n = 0;

	for (; text[2 * n]; n++) {
		h[n].name = (struct http_str){text[2 * n], strlen(text[2 * n])};
		h[n].value = (struct http_str){text[2 * n + 1], strlen(text[2 * n + 1])};
	}
	return n;
}

struct condition_case {
	const char *headers[2 * LINES + 1];
	enum condition verdict;
};

static void check_all(const struct condition_case *cases, size_t count, const struct validators *v)
{
	for (size_t i = 0; i < count; i++) {
		struct http_header h[LINES];
		size_t n = make_headers(h, cases[i].headers);
		enum condition verdict = conditional_check(h, n, v);

		if (verdict != cases[i].verdict)
			print_error("case %zu: %s: %s\n", i, cases[i].headers[0],
				    cases[i].headers[1]);
		assert_int_equal(verdict, cases[i].verdict);
	}
}

TEST(each_field_decides_alone)
{
	static const struct condition_case cases[] = {
		{{NULL}, CONDITION_PROCEED},
		{{"accept", "*/*"}, CONDITION_PROCEED},
		{{"if-none-match", ETAG}, CONDITION_NOT_MODIFIED},
		{{"If-None-Match", "W/" ETAG}, CONDITION_NOT_MODIFIED},
		{{"if-none-match", "*"}, CONDITION_NOT_MODIFIED},
		{{"if-none-match", "\"other\""}, CONDITION_PROCEED},
		{{"if-none-match", "\"a,b\", W/\"c\" ,\t" ETAG}, CONDITION_NOT_MODIFIED},
		{{"if-none-match", "\"a\", \"b"}, CONDITION_PROCEED},
		{{"if-none-match", "1-2-3"}, CONDITION_PROCEED},
		{{"if-none-match", ""}, CONDITION_PROCEED},
		{{"if-none-match", "\"a\"", "if-none-match", ETAG}, CONDITION_NOT_MODIFIED},
		{{"if-match", ETAG}, CONDITION_PROCEED},
		{{"if-match", "*"}, CONDITION_PROCEED},
		{{"if-match", "W/" ETAG}, CONDITION_FAILED},
		{{"if-match", "\"other\""}, CONDITION_FAILED},
		{{"if-match", ""}, CONDITION_FAILED},
		{{"if-modified-since", BEFORE}, CONDITION_PROCEED},
		{{"if-modified-since", SAME}, CONDITION_NOT_MODIFIED},
		{{"if-modified-since", AFTER}, CONDITION_NOT_MODIFIED},
		{{"if-modified-since", "some day"}, CONDITION_PROCEED},
		{{"if-unmodified-since", BEFORE}, CONDITION_FAILED},
		{{"if-unmodified-since", SAME}, CONDITION_PROCEED},
		{{"if-unmodified-since", "some day"}, CONDITION_PROCEED},
	};

	check_all(cases, ARRAY_LEN(cases), &file);
}

TEST(the_stronger_field_wins)
{
	static const struct condition_case cases[] = {
		{{"if-modified-since", AFTER, "if-none-match", "\"other\""}, CONDITION_PROCEED},
		{{"if-modified-since", BEFORE, "if-none-match", ETAG}, CONDITION_NOT_MODIFIED},
		{{"if-unmodified-since", BEFORE, "if-match", ETAG}, CONDITION_PROCEED},
		{{"if-none-match", ETAG, "if-match", "\"other\""}, CONDITION_FAILED},
		{{"if-none-match", ETAG, "if-match", ETAG}, CONDITION_NOT_MODIFIED},
		{{"if-unmodified-since", BEFORE, "if-none-match", ETAG}, CONDITION_FAILED},
	};

	check_all(cases, ARRAY_LEN(cases), &file);
}

TEST(a_file_without_validators_is_always_sent)
{
	static const struct condition_case cases[] = {
		{{"if-none-match", ETAG}, CONDITION_PROCEED},
		{{"if-modified-since", AFTER}, CONDITION_PROCEED},
		{{"if-match", ETAG}, CONDITION_FAILED},
		{{"if-match", "*"}, CONDITION_PROCEED},
	};
	const struct validators fresh = {NULL, 0, 1795000000};

	check_all(cases, ARRAY_LEN(cases), &fresh);
}

static bool allowed(const char *if_range, const struct validators *v)
{
	const char *text[] = {"if-range", if_range, NULL};
	struct http_header h[LINES];

	return conditional_range_allowed(h, make_headers(h, text), v);
}

TEST(a_range_is_for_the_same_representation_only)
{
	const struct validators fresh = {NULL, 0, 1795000000};
	const struct validators recent = {ETAG, 784111777, 784111778};

	assert_true(conditional_range_allowed(NULL, 0, &file));
	assert_true(allowed(ETAG, &file));
	assert_true(allowed(SAME, &file));
	assert_false(allowed("W/" ETAG, &file));
	assert_false(allowed("\"other\"", &file));
	assert_false(allowed(BEFORE, &file));
	assert_false(allowed(AFTER, &file));
	assert_false(allowed("some day", &file));
	assert_false(allowed("", &file));
	assert_false(allowed(ETAG, &fresh));
	assert_false(allowed(SAME, &fresh));
	assert_false(allowed(SAME, &recent));
	assert_true(allowed(ETAG, &recent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_decides_alone),
		cmocka_unit_test(the_stronger_field_wins),
		cmocka_unit_test(a_file_without_validators_is_always_sent),
		cmocka_unit_test(a_range_is_for_the_same_representation_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
