/* Columns that are as wide as they need to be. */
#include "ctl/text.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static const char *const head[] = {"NAME", ">COUNT", "STATE", "", NULL};

static char *print(struct table *t)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	table_print(t, out);
	fclose(out);
	return text;
}

static void add(struct table *t, const char *name, int count, const char *state, const char *rest)
{
	table_add(t, "%s", name);
	table_add(t, "%d", count);
	table_add(t, "%s", state);
	table_add(t, "%s", rest);
}

TEST(columns_are_aligned_and_lines_end_without_blanks)
{
	static const struct style plain = {.width = 80, .cwd = ""};
	struct table t;

	table_init(&t, &plain, "  ", head, 2);
	add(&t, "long name", 7, "ready", "");
	add(&t, "caf\xc3\xa9", 123456, "draining", "why");

	char *text = print(&t);

	assert_string_equal(text, "  NAME        COUNT  STATE\n"
				  "  long name       7  ready\n"
				  "  caf\xc3\xa9       123456  draining  why\n");
	free(text);
}

TEST(a_table_without_rows_is_its_head)
{
	static const struct style plain = {.width = 80, .cwd = ""};
	struct table t;

	table_init(&t, &plain, "", head, -1);

	char *text = print(&t);

	assert_string_equal(text, "NAME  COUNT  STATE\n");
	free(text);
}

TEST(colours_do_not_disturb_the_columns)
{
	static const struct style colored = {.color = true, .width = 80, .cwd = ""};
	static const char *const two[] = {"STATE", "X", NULL};
	struct table t;

	table_init(&t, &colored, "", two, 0);
	table_add(&t, "ready");
	table_add(&t, "1");
	table_add(&t, "odd");
	table_add(&t, "2");

	char *text = print(&t);

	assert_string_equal(text, "\033[2mSTATE\033[0m  \033[2mX\033[0m\n"
				  "\033[32mready\033[0m  1\n"
				  "odd    2\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_and_lines_end_without_blanks),
		cmocka_unit_test(a_table_without_rows_is_its_head),
		cmocka_unit_test(colours_do_not_disturb_the_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
