/* The table of commands is in order, and its help fits a terminal. */
#include "ctl/command.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	"events", "generations", "instances", "logs", "paths", "pause", "reload",
	"resume", "status",	 "stop",      "sync", "wait",  "why",	"workers",
};

static char *help_of(const struct command *command)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	command_print_help(out, command);
	fclose(out);
	return text;
}

TEST(every_documented_command_is_found_by_its_name_alone)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct command *command = command_find(names[i]);

		assert_non_null(command);
		assert_string_equal(command->name, names[i]);
		assert_non_null(command->run);
		assert_true(command->min_words <= command->max_words);
	}
	assert_null(command_find("statu"));
	assert_null(command_find(""));
	assert_string_equal(command_nearest("relaod"), "reload");
	assert_null(command_options("frobnicate"));
}

TEST(the_list_of_commands_is_alphabetical_and_complete)
{
	char *help = help_of(NULL), *p = help;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[32];

		snprintf(line, sizeof(line), "\n  %s ", names[i]);
		p = strstr(p, line);
		assert_non_null(p);
	}
	free(help);
}

static void assert_fits(const char *help)
{
	for (const char *line = help; *line;) {
		size_t len = strcspn(line, "\n");

		assert_in_range(len, 0, 80);
		line += len + (line[len] == '\n');
	}
}

TEST(help_names_every_option_and_is_not_too_wide)
{
	char *all = help_of(NULL);

	assert_fits(all);
	free(all);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct arg_option *o = command_options(names[i]);
		char *help = help_of(command_find(names[i]));

		assert_fits(help);
		for (; o && o->name; o++) {
			char option[32];

			snprintf(option, sizeof(option), "--%s", o->name);
			assert_non_null(strstr(help, option));
		}
		free(help);
	}
}

TEST(no_option_hides_a_global_one)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (const struct arg_option *o = command_options(names[i]); o && o->name; o++)
			for (const struct arg_option *g = command_global_options(); g->name; g++) {
				assert_string_not_equal(o->name, g->name);
				assert_true(o->letter == 0 || o->letter != g->letter);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_command_is_found_by_its_name_alone),
		cmocka_unit_test(the_list_of_commands_is_alphabetical_and_complete),
		cmocka_unit_test(help_names_every_option_and_is_not_too_wide),
		cmocka_unit_test(no_option_hides_a_global_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
