/* Ignored directories, .gitignore files that change, virtual environments: and what `why` says about them. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <unistd.h>

/* "@" in the rule stands for the directory of the test. */
static void expect_why(struct place *p, const char *path, bool reloads, const char *rule)
{
	struct watch_why why;
	struct buf expected;

	buf_init(&expected, SIZE_MAX);
	for (; *rule; rule++)
		assert_int_equal(*rule == '@' ? buf_add_str(&expected, p->dir)
					      : buf_add(&expected, rule, 1),
				 0);
	assert_int_equal(buf_add(&expected, "", 1), 0);
	watch_why(p->watch, place_path(p, path), &why);
	assert_string_equal(why.rule, buf_data(&expected));
	assert_int_equal(why.reloads, reloads);
	buf_finish(&expected);
}

WATCH_TEST(gitignore_files_of_the_tree_are_obeyed)
{
	struct place *p = *state;

	place_mkdir(p, "build/x");
	place_mkdir(p, "src/gen");
	place_write(p, ".gitignore", "/build/\n*_pb2.py\n");
	place_write(p, "src/.gitignore", "!keep_pb2.py\ngen\n");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	assert_int_equal(watch_stats(p->watch).left_out, 2);
	place_write(p, "build/x/a.py", "1");
	place_write(p, "src/a_pb2.py", "1");
	place_write(p, "keep_pb2.py", "1");
	place_expect_nothing(p);
	place_write(p, "src/keep_pb2.py", "1");
	place_expect(p, "src/keep_pb2.py", NULL);
}

WATCH_TEST(a_gitignore_that_changes_takes_effect_and_is_no_change)
{
	struct place *p = *state;

	place_mkdir(p, "a/b");
	place_write(p, "a/b/x.py", "1");
	place_watch(p);
	place_write(p, ".gitignore", "b\n");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	place_write(p, "a/b/x.py", "2");
	place_expect_nothing(p);
	place_write(p, "ignored.new", "!b\n");
	place_rename(p, "ignored.new", ".gitignore");
	place_expect_nothing(p);
	place_write(p, "a/b/x.py", "3");
	place_expect(p, "a/b/x.py", NULL);
	place_write(p, ".gitignore", "*.py\n");
	place_write(p, "a/b/x.py", "4");
	place_expect_nothing(p);
	place_unlink(p, ".gitignore");
	place_write(p, "a/b/x.py", "5");
	place_expect(p, "a/b/x.py", NULL);
}

WATCH_TEST(a_gitignore_comes_and_goes_with_its_directory)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_mkdir(p, "c");
	place_write(p, "a/.gitignore", "x.py\n");
	place_watch(p);
	place_rename(p, "a", "b");
	place_expect_nothing(p);
	place_write(p, "b/x.py", "1");
	place_expect_nothing(p);
	place_rename(p, "c", "a");
	place_expect_nothing(p);
	place_write(p, "a/x.py", "1");
	place_expect(p, "a/x.py", NULL);
}

WATCH_TEST(a_root_inside_a_repository_obeys_the_rules_above_it)
{
	struct place *p = *state;

	place_mkdir(p, "repo/.git/info");
	place_mkdir(p, "repo/src/gen");
	place_write(p, "repo/.gitignore", "gen/\n");
	place_write(p, "repo/.git/info/exclude", "local.py\n");
	place_write(p, ".gitignore", "*.py\n");
	place_root(p, "repo/src");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
	place_write(p, "repo/src/local.py", "1");
	place_expect_nothing(p);
	place_write(p, "repo/src/a.py", "1");
	place_expect(p, "repo/src/a.py", NULL);
	place_write(p, "repo/.gitignore", "");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	place_write(p, "repo/src/gen/a.py", "1");
	place_expect(p, "repo/src/gen/a.py", NULL);
}

WATCH_TEST(a_virtual_environment_is_left_out_by_its_marker)
{
	struct place *p = *state;

	place_mkdir(p, "env/lib/python3");
	place_write(p, "env/pyvenv.cfg", "");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
	assert_int_equal(watch_stats(p->watch).left_out, 1);
	place_write(p, "env/lib/python3/a.py", "1");
	place_expect_nothing(p);
	place_mkdir(p, "other/lib");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 3);
	place_write(p, "other/pyvenv.cfg", "");
	place_write(p, "other/lib/a.py", "1");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
	assert_int_equal(watch_stats(p->watch).left_out, 2);
}

WATCH_TEST(our_own_files_are_left_alone)
{
	struct place *p = *state;
	struct strv own = {0};

	strv_finish(&p->include);
	assert_int_equal(strv_add(&own, place_path(p, "run")), 0);
	p->config.own = &own;
	place_mkdir(p, "run/deep");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
	place_write(p, "run/history.jsonl", "1");
	place_expect_nothing(p);
	strv_finish(&own);
}

WATCH_TEST(why_names_the_rule)
{
	struct place *p = *state;

	place_mkdir(p, "src/.venv/lib");
	place_mkdir(p, "src/env/lib");
	place_mkdir(p, "src/gen");
	place_write(p, "src/env/pyvenv.cfg", "");
	place_write(p, "src/.gitignore", "# made\ngen/\n");
	place_write(p, "app.toml", "");
	assert_int_equal(symlink("gen", place_path(p, "src/link")), 0);
	assert_int_equal(strv_add(&p->exclude, "*_test.py"), 0);
	place_root(p, "src");
	place_root(p, "app.toml");
	place_watch(p);
	expect_why(p, "src/a.py", true, "matches include *.py");
	expect_why(p, "src/a.txt", false, "matches no include");
	expect_why(p, "src/a_test.py", false, "matches exclude *_test.py");
	expect_why(p, "src/gen/a.py", false,
		   "directory @/src/gen: ignored by @/src/.gitignore:2: gen/");
	expect_why(p, "src/.venv/lib/a.py", false,
		   "directory @/src/.venv: ignored by default: .venv (virtual environment)");
	expect_why(p, "src/env/lib/a.py", false,
		   "directory @/src/env: a virtual environment (pyvenv.cfg)");
	expect_why(p, "src/link/a.py", false,
		   "directory @/src/link: a symbolic link, which is not followed");
	expect_why(p, "other/a.py", false, "not under a watched path");
	expect_why(p, "app.toml", true, "watched by name");
	expect_why(p, "src", true, "a watched path itself");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(gitignore_files_of_the_tree_are_obeyed),
		RUN(a_gitignore_that_changes_takes_effect_and_is_no_change),
		RUN(a_gitignore_comes_and_goes_with_its_directory),
		RUN(a_root_inside_a_repository_obeys_the_rules_above_it),
		RUN(a_virtual_environment_is_left_out_by_its_marker),
		RUN(our_own_files_are_left_alone),
		RUN(why_names_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
