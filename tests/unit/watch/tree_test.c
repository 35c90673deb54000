/* Directories that come, go and move: everything in them is seen, under the right path. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

WATCH_TEST(files_below_the_root_are_watched)
{
	struct place *p = *state;

	place_mkdir(p, "a/b/c");
	place_write(p, "a/b/c/x.py", "1");
	place_watch(p);
	place_write(p, "a/b/c/x.py", "2");
	place_expect(p, "a/b/c/x.py", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 4);
}

WATCH_TEST(a_file_in_directories_made_at_once_is_seen_and_so_are_later_saves)
{
	struct place *p = *state;

	place_watch(p);
	for (int i = 0; i < 30; i++) {
		char path[64];

		snprintf(path, sizeof(path), "n%d/a/b/c", i);
		place_mkdir(p, path);
		strcat(path, "/x.py");
		place_write(p, path, "1");
		place_expect(p, path, NULL);
		place_write(p, path, "2");
		place_expect(p, path, NULL);
	}
	assert_int_equal(watch_stats(p->watch).directories, 1 + 30 * 4);
}

WATCH_TEST(a_directory_moved_in_brings_its_files)
{
	struct place *p = *state;

	place_mkdir(p, "root");
	place_mkdir(p, "outside/pkg/sub");
	place_write(p, "outside/pkg/a.py", "1");
	place_write(p, "outside/pkg/sub/b.py", "1");
	place_root(p, "root");
	place_watch(p);
	place_rename(p, "outside/pkg", "root/pkg");
	place_expect(p, "root/pkg/a.py", "root/pkg/sub/b.py", NULL);
	place_write(p, "root/pkg/sub/b.py", "2");
	place_expect(p, "root/pkg/sub/b.py", NULL);
}

WATCH_TEST(a_directory_renamed_inside_has_its_new_path)
{
	struct place *p = *state;

	place_mkdir(p, "a/sub");
	place_mkdir(p, "z");
	place_write(p, "a/sub/x.py", "1");
	place_watch(p);
	place_rename(p, "a", "z/b");
	place_expect(p, "z/b/sub/x.py", NULL);
	place_write(p, "z/b/sub/x.py", "2");
	place_expect(p, "z/b/sub/x.py", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 4);
}

WATCH_TEST(renaming_a_directory_without_files_that_count_is_nothing)
{
	struct place *p = *state;

	place_mkdir(p, "a/sub");
	place_write(p, "a/sub/x.txt", "1");
	place_watch(p);
	place_rename(p, "a", "b");
	place_expect_nothing(p);
	place_write(p, "b/sub/x.py", "1");
	place_expect(p, "b/sub/x.py", NULL);
}

WATCH_TEST(a_directory_moved_out_is_a_loss_and_haunts_nobody)
{
	struct place *p = *state;

	place_mkdir(p, "root/pkg/sub");
	place_mkdir(p, "outside");
	place_write(p, "root/pkg/sub/a.py", "1");
	place_root(p, "root");
	place_watch(p);
	place_rename(p, "root/pkg", "outside/pkg");
	place_expect(p, "root/pkg", NULL);
	place_write(p, "outside/pkg/sub/a.py", "2");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
}

WATCH_TEST(a_directory_moved_out_and_back_is_watched)
{
	struct place *p = *state;

	place_mkdir(p, "root/pkg/sub");
	place_mkdir(p, "outside");
	place_write(p, "root/pkg/sub/a.py", "1");
	place_root(p, "root");
	place_watch(p);
	for (int i = 0; i < 20; i++) {
		place_rename(p, "root/pkg", "outside/pkg");
		if (i % 2)
			watch_read(p->watch);
		place_rename(p, "outside/pkg", "root/pkg");
		place_expect_with(p, "root/pkg/sub/a.py");
		place_write(p, "root/pkg/sub/a.py", "2");
		place_expect(p, "root/pkg/sub/a.py", NULL);
	}
	assert_int_equal(watch_stats(p->watch).directories, 3);
}

WATCH_TEST(exchanged_directories_exchange_their_paths)
{
	struct place *p = *state;

	place_mkdir(p, "a/one");
	place_mkdir(p, "b/two");
	place_write(p, "a/one/x.py", "1");
	place_write(p, "b/two/x.py", "1");
	place_watch(p);
	assert_int_equal(renameat2(AT_FDCWD, place_path(p, "a"), AT_FDCWD, place_path(p, "b"),
				   RENAME_EXCHANGE),
			 0);
	place_expect(p, "a/two/x.py", "b/one/x.py", NULL);
	place_write(p, "b/one/x.py", "2");
	place_expect(p, "b/one/x.py", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 5);
}

WATCH_TEST(a_name_used_again_at_once_is_the_new_directory)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_write(p, "a/x.py", "1");
	place_watch(p);
	for (int i = 0; i < 20; i++) {
		place_rename(p, "a", "b");
		place_mkdir(p, "a");
		place_write(p, "a/new.py", "1");
		place_expect_with(p, "a/new.py");
		place_write(p, "a/new.py", "2");
		place_expect(p, "a/new.py", NULL);
		place_write(p, "b/x.py", "2");
		place_expect(p, "b/x.py", NULL);
		place_remove(p, "a");
		place_rename(p, "b", "a");
		place_expect_with(p, "a/x.py");
	}
}

WATCH_TEST(a_directory_removed_and_made_again_is_watched)
{
	struct place *p = *state;

	place_mkdir(p, "a/b");
	place_write(p, "a/b/x.py", "1");
	place_watch(p);
	for (int i = 0; i < 20; i++) {
		place_remove(p, "a");
		place_mkdir(p, "a/b");
		place_write(p, "a/b/x.py", "2");
		place_expect(p, "a/b/x.py", NULL);
		place_write(p, "a/b/x.py", "3");
		place_expect(p, "a/b/x.py", NULL);
	}
	assert_int_equal(watch_stats(p->watch).directories, 3);
}

WATCH_TEST(a_removed_tree_is_one_batch_with_its_files)
{
	struct place *p = *state;

	place_mkdir(p, "a/b");
	place_write(p, "a/x.py", "1");
	place_write(p, "a/b/y.py", "1");
	place_watch(p);
	place_remove(p, "a");
	place_expect(p, "a/x.py", "a/b/y.py", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 1);
}

WATCH_TEST(symbolic_links_inside_the_tree_are_not_followed)
{
	struct place *p = *state;

	place_mkdir(p, "root");
	place_mkdir(p, "outside");
	assert_int_equal(symlink("../outside", place_path(p, "root/link")), 0);
	assert_int_equal(symlink("..", place_path(p, "root/loop")), 0);
	place_root(p, "root");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
	place_write(p, "outside/a.py", "1");
	place_expect_nothing(p);
}

WATCH_TEST(what_is_left_out_is_counted)
{
	struct place *p = *state;

	place_mkdir(p, "a/node_modules/deep/er");
	place_mkdir(p, ".git/objects");
	place_mkdir(p, "__pycache__");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	assert_int_equal(watch_stats(p->watch).left_out, 3);
	place_mkdir(p, "a/.venv");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).left_out, 4);
	place_remove(p, "a");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).left_out, 2);
}

WATCH_TEST(a_directory_renamed_to_an_ignored_name_is_let_go_and_back)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_write(p, "a/x.py", "1");
	place_watch(p);
	place_rename(p, "a", ".venv");
	place_expect_with(p, ".venv");
	place_write(p, ".venv/x.py", "2");
	place_expect_nothing(p);
	place_rename(p, ".venv", "a");
	place_expect(p, "a/x.py", NULL);
	assert_int_equal(watch_stats(p->watch).left_out, 0);
}

WATCH_TEST(deep_trees_are_watched_to_the_end_of_their_paths)
{
	struct place *p = *state;
	char path[PATH_MAX] = "", name[] = "/0123456789";

	while (strlen(path) < 2000)
		strcat(path, path[0] ? name : name + 1);
	place_mkdir(p, path);
	place_watch(p);
	strcat(path, "/x.py");
	place_write(p, path, "1");
	place_expect(p, path, NULL);
}

WATCH_TEST(a_thousand_directories_at_once_are_one_batch)
{
	struct place *p = *state;

	place_watch(p);
	place_shell(p, "for a in 0 1 2 3 4 5 6 7 8 9; do for b in 0 1 2 3 4 5 6 7 8 9; do"
		       " mkdir -p $a/$b/x $a/$b/y; echo > $a/$b/y/m.py; done; done");
	place_await(p);
	assert_int_equal(p->paths.len, 100);
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 1 + 10 + 100 + 200);
}

WATCH_TEST(a_large_tree_is_armed_whole)
{
	struct place *p = *state;
	char path[64];

	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "d%d/e%d", i % 100, i);
		place_mkdir(p, path);
	}
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 701);
	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "d%d/e%d/x.py", i % 100, i);
		place_write(p, path, "1");
	}
	place_settle(p);
	assert_int_equal(p->paths.len, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(files_below_the_root_are_watched),
		RUN(a_file_in_directories_made_at_once_is_seen_and_so_are_later_saves),
		RUN(a_directory_moved_in_brings_its_files),
		RUN(a_directory_renamed_inside_has_its_new_path),
		RUN(renaming_a_directory_without_files_that_count_is_nothing),
		RUN(a_directory_moved_out_is_a_loss_and_haunts_nobody),
		RUN(a_directory_moved_out_and_back_is_watched),
		RUN(exchanged_directories_exchange_their_paths),
		RUN(a_name_used_again_at_once_is_the_new_directory),
		RUN(a_directory_removed_and_made_again_is_watched),
		RUN(a_removed_tree_is_one_batch_with_its_files),
		RUN(symbolic_links_inside_the_tree_are_not_followed),
		RUN(what_is_left_out_is_counted),
		RUN(a_directory_renamed_to_an_ignored_name_is_let_go_and_back),
		RUN(deep_trees_are_watched_to_the_end_of_their_paths),
		RUN(a_thousand_directories_at_once_are_one_batch),
		RUN(a_large_tree_is_armed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
