/* Vectors of strings, prefixes, copies, and the nearest word. */
#include "common/str.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

TEST(a_vector_grows_and_stays_null_terminated)
{
	struct strv s = {0};

	for (size_t i = 0; i < 100; i++) {
		char word[16];

		snprintf(word, sizeof(word), "w%zu", i);
		assert_int_equal(strv_add(&s, word), 0);
		assert_int_equal(s.len, i + 1);
		assert_null(s.v[s.len]);
	}
	assert_string_equal(s.v[0], "w0");
	assert_string_equal(s.v[99], "w99");
	strv_finish(&s);
	assert_null(s.v);
}

TEST(removing_and_adding_again_keeps_the_order)
{
	struct strv s = {0};

	for (int i = 0; i < 9; i++)
		assert_int_equal(strv_add(&s, i % 2 ? "odd" : "even"), 0);
	assert_true(strv_remove(&s, "even"));
	assert_string_equal(s.v[0], "odd");
	assert_null(s.v[s.len]);
	assert_false(strv_remove(&s, "neither"));
	while (strv_remove(&s, "odd") || strv_remove(&s, "even"))
		;
	assert_int_equal(s.len, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(strv_add(&s, "again"), 0);
	assert_int_equal(s.len, 9);
	strv_finish(&s);
}

TEST(unique_adding_ignores_what_is_there)
{
	struct strv s = {0};

	assert_int_equal(strv_add_unique(&s, "a"), 0);
	assert_int_equal(strv_add_unique(&s, "a"), 0);
	assert_int_equal(strv_add_unique(&s, "b"), 0);
	assert_int_equal(s.len, 2);
	assert_true(strv_contains(&s, "b"));
	assert_false(strv_contains(&s, "c"));
	strv_finish(&s);
}

TEST(a_copy_owns_its_strings_and_replaces_what_was_there)
{
	struct strv a = {0}, b = {0};

	assert_int_equal(strv_add(&a, "x"), 0);
	assert_int_equal(strv_add(&b, "old"), 0);
	assert_int_equal(strv_copy(&b, &a), 0);
	strv_finish(&a);
	assert_int_equal(b.len, 1);
	assert_string_equal(b.v[0], "x");
	assert_int_equal(strv_copy(&b, &a), 0);
	assert_int_equal(b.len, 0);
	strv_finish(&b);
}

TEST(prefixes_and_suffixes_are_compared_whole)
{
	assert_true(str_starts("unix:/x", "unix:"));
	assert_true(str_starts("x", ""));
	assert_false(str_starts("uni", "unix:"));
	assert_true(str_ends("a.py", ".py"));
	assert_true(str_ends("x", ""));
	assert_false(str_ends("py", ".py"));
}

TEST(a_copy_that_does_not_fit_leaves_an_empty_string)
{
	char dst[4] = "old";

	assert_int_equal(str_copy(dst, sizeof(dst), "abc"), 0);
	assert_string_equal(dst, "abc");
	assert_int_equal(str_copy(dst, sizeof(dst), "abcd"), -ENAMETOOLONG);
	assert_string_equal(dst, "");
	assert_int_equal(str_copy(dst, 0, "a"), -ENAMETOOLONG);
}

TEST(formatted_strings_are_allocated)
{
	char *s = str_printf("%s-%d", "gen", 7);

	assert_string_equal(s, "gen-7");
	free(s);
}

TEST(a_typing_error_finds_the_word_that_was_meant)
{
	static const char *const words[] = {"events", "generations", "logs", "reload", "status"};
	static const struct {
		const char *typed;
		const char *meant;
	} rows[] = {
		{"statsu", "status"},	       {"realod", "reload"}, {"log", "logs"},
		{"generation", "generations"}, {"evnets", "events"}, {"status", "status"},
		{"frobnicate", NULL},	       {"x", NULL},	     {"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *found = str_nearest(rows[i].typed, words, ARRAY_LEN(words));

		if (rows[i].meant)
			assert_string_equal(found, rows[i].meant);
		else
			assert_null(found);
	}
}

TEST(a_word_too_long_to_be_a_slip_is_nobodys_neighbour)
{
	static const char *const words[] = {"status"};
	char word[200];

	for (size_t i = 0; i < sizeof(word) - 1; i++)
		word[i] = 's';
	word[sizeof(word) - 1] = '\0';
	assert_null(str_nearest(word, words, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vector_grows_and_stays_null_terminated),
		cmocka_unit_test(removing_and_adding_again_keeps_the_order),
		cmocka_unit_test(unique_adding_ignores_what_is_there),
		cmocka_unit_test(a_copy_owns_its_strings_and_replaces_what_was_there),
		cmocka_unit_test(prefixes_and_suffixes_are_compared_whole),
		cmocka_unit_test(a_copy_that_does_not_fit_leaves_an_empty_string),
		cmocka_unit_test(formatted_strings_are_allocated),
		cmocka_unit_test(a_typing_error_finds_the_word_that_was_meant),
		cmocka_unit_test(a_word_too_long_to_be_a_slip_is_nobodys_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
