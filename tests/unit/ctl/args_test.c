/* Command lines, and what is read out of them. */
#include "ctl/args.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct arg_option global[] = {
	{'t', "timeout", "SECONDS", ""},
	{'j', "json", NULL, ""},
	{'q', "quiet", NULL, ""},
	{0},
};

static const struct arg_option own[] = {
	{'n', "lines", "LINES", ""},
	{0, "follow", NULL, ""},
	{0},
};

static const struct arg_option *options_of(const char *word)
{
	return strcmp(word, "logs") == 0 ? own : NULL;
}

/* Splits at blanks; "<>" is an empty argument. */
static int parse(struct args *a, char *line, char *error, size_t size)
{
	static char empty[] = "";
	char *argv[32];
	size_t n = 0;

	for (char *p = strtok(line, " "); p; p = strtok(NULL, " "))
		argv[n++] = strcmp(p, "<>") == 0 ? empty : p;
	argv[n] = NULL;
	return args_parse(a, argv, global, options_of, error, size);
}

TEST(options_are_known_before_and_behind_the_command)
{
	static const char *const lines[] = {
		"-j -t 5 logs -n 3",
		"logs -n 3 -j -t 5",
		"-jt5 logs -n3",
		"--timeout=5 logs --lines 3 --json",
		"-t 1 logs -t 5 --lines=3 -qj",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char line[64], error[64];
		struct args a;

		snprintf(line, sizeof(line), "%s", lines[i]);
		assert_int_equal(parse(&a, line, error, sizeof(error)), 0);
		assert_int_equal(a.n_words, 1);
		assert_string_equal(a.words[0], "logs");
		assert_true(args_has(&a, "json"));
		assert_string_equal(args_value(&a, "timeout", ""), "5");
		assert_string_equal(args_value(&a, "lines", ""), "3");
		assert_false(args_has(&a, "follow"));
		args_finish(&a);
	}
}

TEST(words_keep_their_order_and_two_dashes_end_the_options)
{
	char line[] = "logs a - -j <> -- -n --json b", error[64];
	static const char *const words[] = {"logs", "a", "-", "", "-n", "--json", "b"};
	struct args a;

	assert_int_equal(parse(&a, line, error, sizeof(error)), 0);
	assert_int_equal(a.n_words, ARRAY_LEN(words));
	for (size_t i = 0; i < a.n_words; i++)
		assert_string_equal(a.words[i], words[i]);
	assert_int_equal(a.n_given, 1);
	args_finish(&a);
}

TEST(an_empty_command_line_is_valid_and_empty)
{
	char line[] = "", error[64];
	struct args a;

	assert_int_equal(parse(&a, line, error, sizeof(error)), 0);
	assert_int_equal(a.n_words, 0);
	assert_null(args_value(&a, "json", NULL));
	assert_string_equal(args_value(&a, "lines", "100"), "100");
	args_finish(&a);
}

TEST(the_first_mistake_is_told_and_the_rest_is_read_all_the_same)
{
	static const struct {
		const char *line;
		const char *error;
	} rows[] = {
		{"logs --lnies 3 --wat -j",
		 "unknown option \"--lnies\"; did you mean \"--lines\"?"},
		{"logs --frobnicate -j", "unknown option \"--frobnicate\""},
		{"--lines 3 logs -j", "unknown option \"--lines\""},
		{"logs -x -j", "unknown option \"-x\""},
		{"logs -qx -j", "unknown option \"-x\""},
		{"logs --follow=yes -j", "option \"--follow\" takes no value"},
		{"-j logs --lines", "option \"--lines\" needs a value: LINES"},
		{"-j logs -n", "option \"--lines\" needs a value: LINES"},
		{"-j status --lines=3", "unknown option \"--lines\""},
		{"-j logs --=3", "unknown option \"--\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char line[64], error[128];
		struct args a;

		snprintf(line, sizeof(line), "%s", rows[i].line);
		assert_int_equal(parse(&a, line, error, sizeof(error)), -EINVAL);
		assert_string_equal(error, rows[i].error);
		assert_true(args_has(&a, "json"));
		args_finish(&a);
	}
}

TEST(a_cluster_of_many_letters_is_held)
{
	char line[600], error[64];
	struct args a;

	memset(line, 'j', sizeof(line) - 1);
	line[0] = '-';
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(parse(&a, line, error, sizeof(error)), 0);
	assert_int_equal(a.n_given, sizeof(line) - 2);
	args_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_known_before_and_behind_the_command),
		cmocka_unit_test(words_keep_their_order_and_two_dashes_end_the_options),
		cmocka_unit_test(an_empty_command_line_is_valid_and_empty),
		cmocka_unit_test(the_first_mistake_is_told_and_the_rest_is_read_all_the_same),
		cmocka_unit_test(a_cluster_of_many_letters_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
