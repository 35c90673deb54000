/* A command of the configuration file, split as a shell would split it. */
#include "daemon/config/words.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 5

TEST(words_are_split_at_blanks_outside_quotes)
{
	static const struct {
		const char *line;
		const char *words[WORDS_MAX];
	} rows[] = {
		{"", {NULL}},
		{"  \t ", {NULL}},
		{"uvicorn main:app --fd 3", {"uvicorn", "main:app", "--fd", "3"}},
		{"  a\tb  ", {"a", "b"}},
		{"'a b' \"c d\"", {"a b", "c d"}},
		{"a'b c'd", {"ab cd"}},
		{"'' \"\"", {"", ""}},
		{"a\\ b", {"a b"}},
		{"\\'a\\\"", {"'a\""}},
		{"'a\\b'", {"a\\b"}},
		{"\"a\\\"b\\\\c\\n\"", {"a\"b\\c\\n"}},
		{"\"it's\" '\"'", {"it's", "\""}},
		{"$HOME `x` ;|&*", {"$HOME", "`x`", ";|&*"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strv words = {0};
		size_t n = 0;

		assert_int_equal(words_split(rows[i].line, &words), 0);
		for (; n < WORDS_MAX && rows[i].words[n]; n++) {
			assert_true(n < words.len);
			assert_string_equal(words.v[n], rows[i].words[n]);
		}
		assert_int_equal(words.len, n);
		strv_finish(&words);
	}
}

TEST(an_open_quote_is_an_error)
{
	static const char *const lines[] = {"'a", "a \"b", "a\\", "\"a\\\"", "'a' '"};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct strv words = {0};

		assert_int_equal(words_split(lines[i], &words), -EINVAL);
		strv_finish(&words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_at_blanks_outside_quotes),
		cmocka_unit_test(an_open_quote_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
