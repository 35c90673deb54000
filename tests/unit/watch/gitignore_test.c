/* The language of gitignore(5), pattern by pattern. */
#include "daemon/master/gitignore.h"

#include "daemon/master/gitignore_glob.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct example {
	const char *pattern;
	const char *path; /* with a slash at its end: a directory */
	bool matches;
};

static const struct example examples[] = {
	/* Without a slash: the name, at any depth. */
	{"a.py", "a.py", true},
	{"a.py", "x/y/a.py", true},
	{"a.py", "x/a.pyc", false},
	{"*.py", "x/.py", true},
	{"*.py", "x/a.pyx", false},
	{"?.py", "é.py", false},
	{"a*c*e", "abcde", true},
	{"a*c*e", "abcd", false},
	{"*", "x", true},
	{"**", "x/y", true},
	{"a**b", "axxb", true},
	/* A slash at the end: directories. */
	{"build/", "build/", true},
	{"build/", "x/build/", true},
	{"build/", "build", false},
	/* A slash elsewhere: the whole path. */
	{"/a.py", "a.py", true},
	{"/a.py", "x/a.py", false},
	{"x/a.py", "x/a.py", true},
	{"x/a.py", "y/x/a.py", false},
	{"x/*.py", "x/a.py", true},
	{"x/*.py", "x/y/a.py", false},
	{"x/*", "x/y/", true},
	{"*/a.py", "x/a.py", true},
	{"*/a.py", "a.py", false},
	/* Two stars between slashes: any number of directories. */
	{"**/a.py", "a.py", true},
	{"**/a.py", "x/y/a.py", true},
	{"**/x/a.py", "y/x/a.py", true},
	{"**/x/a.py", "y/x/z/a.py", false},
	{"x/**", "x/y", true},
	{"x/**", "x/y/z", true},
	{"x/**", "x/", false},
	{"x/**/a.py", "x/a.py", true},
	{"x/**/a.py", "x/y/z/a.py", true},
	{"x/**/a.py", "y/x/a.py", false},
	{"**/x/**/y", "a/x/b/c/y", true},
	{"**/x/**/y", "a/x/b/x/c/y", true},
	{"**/x/**/y", "a/x/b/c/z", false},
	/* Sets. */
	{"[abc].py", "b.py", true},
	{"[abc].py", "d.py", false},
	{"[a-c].py", "b.py", true},
	{"[!a-c].py", "b.py", false},
	{"[^a-c].py", "x.py", true},
	{"[]a].py", "].py", true},
	{"[a-]x", "-x", true},
	{"[[:digit:]]x", "7x", true},
	{"[[:digit:]]x", "ax", false},
	{"[[:nonsense:]]x", "7x", false},
	{"[\\]]x", "]x", true},
	{"[a", "[a", false},
	{"[a", "a", false},
	/* Backslashes. */
	{"\\*.py", "*.py", true},
	{"\\*.py", "a.py", false},
	{"\\#a", "#a", true},
	{"\\!a", "!a", true},
	{"a\\ ", "a ", true},
	{"a\\", "a", false},
	/* Blanks at the end do not count. */
	{"a.py  ", "a.py", true},
	{"a b", "a b", true},
	/* Comments and what can match nothing. */
	{"#a", "#a", false},
	{"", "a", false},
	{"/", "a", false},
	{"a.py\r", "a.py", true},
};

static bool is_dir(const char *path, char *out)
{
	size_t len = strlen(path);
	bool dir = path[len - 1] == '/';

	snprintf(out, 64, "%.*s", (int)(len - dir), path);
	return dir;
}

TEST(each_pattern_matches_what_git_matches)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		const struct example *e = &examples[i];
		struct gitignore *g = gitignore_parse(e->pattern, strlen(e->pattern));
		char path[64];
		bool dir = is_dir(e->path, path);
		bool matches = gitignore_match(g, path, dir, NULL) == GITIGNORE_IGNORED;

		gitignore_destroy(g);
		if (matches != e->matches)
			fail_msg("\"%s\" %s \"%s\"", e->pattern,
				 matches ? "matches" : "does not match", e->path);
	}
}

TEST(the_last_rule_that_matches_decides)
{
	static const char text[] = "# comment\n\n*.py\n!keep.py\r\nkeep.pyc\nlast.py";
	struct gitignore *g = gitignore_parse(text, strlen(text));
	struct gitignore_reason why;

	assert_int_equal(gitignore_match(g, "a.py", false, &why), GITIGNORE_IGNORED);
	assert_int_equal(why.line, 3);
	assert_string_equal(why.text, "*.py");
	assert_int_equal(gitignore_match(g, "x/keep.py", false, &why), GITIGNORE_KEPT);
	assert_int_equal(why.line, 4);
	assert_string_equal(why.text, "!keep.py");
	assert_int_equal(gitignore_match(g, "last.py", false, &why), GITIGNORE_IGNORED);
	assert_int_equal(why.line, 6);
	assert_int_equal(gitignore_match(g, "a.c", false, &why), GITIGNORE_SILENT);
	gitignore_destroy(g);
}

TEST(a_byte_order_mark_is_no_part_of_the_first_rule)
{
	static const char text[] = "\xef\xbb\xbf*.py\n";
	struct gitignore *g = gitignore_parse(text, strlen(text));

	assert_int_equal(gitignore_match(g, "a.py", false, NULL), GITIGNORE_IGNORED);
	gitignore_destroy(g);
}

TEST(an_empty_file_has_no_rules)
{
	struct gitignore *g = gitignore_parse(NULL, 0);

	assert_int_equal(gitignore_match(g, "a.py", false, NULL), GITIGNORE_SILENT);
	gitignore_destroy(g);
}

TEST(a_pattern_made_to_backtrack_takes_no_time)
{
	char pattern[512], path[4096];
	struct gitignore *g;

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = "a*"[i % 2];
	pattern[sizeof(pattern) - 1] = '\0';
	pattern[sizeof(pattern) - 2] = 'b';
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	g = gitignore_parse(pattern, strlen(pattern));
	assert_int_equal(gitignore_match(g, path, false, NULL), GITIGNORE_SILENT);
	gitignore_destroy(g);

	for (size_t i = 0; i + 3 < sizeof(pattern); i += 3)
		memcpy(pattern + i, i % 2 ? "a/*" : "**/", 3);
	for (size_t i = 1; i < sizeof(path) - 2; i += 2)
		path[i] = '/';
	g = gitignore_parse(pattern, strlen(pattern));
	assert_int_equal(gitignore_match(g, path, false, NULL), GITIGNORE_SILENT);
	gitignore_destroy(g);
}

TEST(a_pattern_with_a_path_tells_which_directories_lead_to_it)
{
	static const struct {
		const char *pattern;
		const char *dir;
		bool reaches;
	} cases[] = {
		{"/src/*.py", "src", true},	   {"/src/*.py", "docs", false},
		{"/src/*.py", "src/deep", false},  {"/src/**/*.py", "src/deep/er", true},
		{"/src/**/*.py", "docs", false},   {"*.py", "anything/at/all", true},
		{"/a/b/c", "a/b", true},	   {"/a/b/c", "a/x", false},
		{"/**/x/*.py", "any/where", true}, {"/*/x/*.py", "any/x", true},
		{"/*/x/*.py", "any/where", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct gitignore_glob g;

		assert_true(gitignore_glob_init(&g, cases[i].pattern, strlen(cases[i].pattern)));
		if (gitignore_glob_reaches(&g, cases[i].dir) != cases[i].reaches)
			fail_msg("%s and %s", cases[i].pattern, cases[i].dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_matches_what_git_matches),
		cmocka_unit_test(the_last_rule_that_matches_decides),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_rule),
		cmocka_unit_test(an_empty_file_has_no_rules),
		cmocka_unit_test(a_pattern_made_to_backtrack_takes_no_time),
		cmocka_unit_test(a_pattern_with_a_path_tells_which_directories_lead_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
