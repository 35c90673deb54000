/* The option table itself, and the help that is read off it. */
#include "daemon/config/options.h"
#include "tests/support/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(names_and_letters_are_unique_and_well_formed)
{
	size_t count;
	const struct option_def *o = option_table(&count);

	for (size_t i = 0; i < count; i++) {
		bool negated;

		assert_ptr_equal(option_find(o[i].name, &negated), &o[i]);
		assert_false(negated);
		assert_int_equal(option_index(&o[i]), i);
		assert_true(strncmp(o[i].name, "no-", 3) != 0);
		for (const char *p = o[i].name; *p; p++)
			assert_true(islower((unsigned char)*p) || *p == '-');
		for (size_t j = 0; j < i && o[i].letter; j++)
			assert_int_not_equal(o[j].letter, o[i].letter);
	}
}

TEST(every_row_is_complete)
{
	size_t count;
	const struct option_def *o = option_table(&count);

	for (size_t i = 0; i < count; i++) {
		bool takes_value = o[i].kind == OPTION_VALUE || o[i].kind == OPTION_OPTIONAL;

		assert_int_equal(o[i].arg != NULL, takes_value);
		assert_int_equal(o[i].help != NULL, o[i].kind != OPTION_KEY);
		assert_true(o[i].apply || o[i].kind == OPTION_ACTION ||
			    strcmp(o[i].name, "config") == 0);
		assert_false(o[i].preset && o[i].separator);
	}
}

TEST(switches_are_found_by_their_negation)
{
	bool negated = false;

	assert_string_equal(option_find("no-reload", &negated)->name, "reload");
	assert_true(negated);
	assert_null(option_find("no-workers", &negated));
	assert_null(option_find("", &negated));
}

TEST(typing_errors_find_the_name_that_was_meant)
{
	assert_string_equal(option_nearest("wokers", false), "workers");
	assert_string_equal(option_nearest("tagret", true), "target");
	assert_null(option_nearest("tagret", false));
	assert_null(option_nearest("quite-another-thing", true));
}

TEST(help_fits_the_terminal_and_names_every_option)
{
	size_t count, size;
	const struct option_def *o = option_table(&count);
	char *text = NULL, *line, *rest, name[64];
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	config_print_help(f);
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), o[i].kind == OPTION_SWITCH ? "--[no-]%s" : "--%s",
			 o[i].name);
		assert_int_equal(strstr(text, name) != NULL, option_on_line(&o[i]));
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strlen(line) >= 80)
			fail_msg("too wide: %s", line);
		if (line[0] && isspace((unsigned char)line[strlen(line) - 1]))
			fail_msg("ends in a blank: \"%s\"", line);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_letters_are_unique_and_well_formed),
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(switches_are_found_by_their_negation),
		cmocka_unit_test(typing_errors_find_the_name_that_was_meant),
		cmocka_unit_test(help_fits_the_terminal_and_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
