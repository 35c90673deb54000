/* What is done to single files: what is reported, that it is reported once, and never half-written. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(struct place *p, const char *path, int flags)
{
	int fd = open(place_path(p, path), flags | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	return fd;
}

WATCH_TEST(a_save_is_one_batch)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_expect_nothing(p);
	place_write(p, "a.py", "2");
	place_expect(p, "a.py", NULL);
	place_expect_nothing(p);
}

WATCH_TEST(a_new_file_is_one_batch)
{
	struct place *p = *state;

	place_watch(p);
	place_write(p, "a.py", "1");
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_deleted_file_is_one_batch)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_unlink(p, "a.py");
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_renamed_file_is_one_batch_with_both_names)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_rename(p, "a.py", "b.py");
	place_expect(p, "a.py", "b.py", NULL);
}

WATCH_TEST(a_file_renamed_into_place_is_one_batch)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_write(p, "a.py.new", "2");
	place_rename(p, "a.py.new", "a.py");
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_temporary_file_that_counts_by_its_name_is_nothing)
{
	struct place *p = *state;

	place_watch(p);
	place_write(p, "a.py", "1");
	place_unlink(p, "a.py");
	place_expect_nothing(p);
}

WATCH_TEST(links_count_without_being_closed)
{
	struct place *p = *state;

	place_write(p, "a.txt", "1");
	place_watch(p);
	assert_int_equal(link(place_path(p, "a.txt"), place_path(p, "hard.py")), 0);
	place_expect(p, "hard.py", NULL);
	assert_int_equal(symlink("a.txt", place_path(p, "soft.py")), 0);
	place_expect(p, "soft.py", NULL);
}

WATCH_TEST(a_file_made_without_a_name_counts_when_it_gets_one)
{
	struct place *p = *state;
	char link[32];
	int fd;

	place_watch(p);
	fd = open(p->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		skip(); /* not every file system can */
	assert_int_equal(write(fd, "1", 1), 1);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_int_equal(linkat(AT_FDCWD, link, AT_FDCWD, place_path(p, "a.py"), AT_SYMLINK_FOLLOW),
			 0);
	assert_int_equal(place_run(p, 150), 0); /* it may still be written */
	close(fd);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_file_that_is_being_written_is_left_alone)
{
	struct place *p = *state;
	int fd;

	place_write(p, "a.py", "1");
	place_watch(p);
	fd = open_file(p, "a.py", O_WRONLY | O_TRUNC);
	assert_int_equal(place_run(p, 100), 0);
	assert_int_equal(write(fd, "22", 2), 2);
	assert_int_equal(place_run(p, 100), 0);
	close(fd);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_new_file_that_is_being_written_is_left_alone)
{
	struct place *p = *state;
	int fd;

	place_watch(p);
	fd = open_file(p, "a.py", O_WRONLY | O_CREAT);
	assert_int_equal(write(fd, "half", 4), 4);
	place_expect_nothing(p); /* not even when nobody waits for it any more */
	close(fd);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_save_right_after_a_save_is_awaited)
{
	struct place *p = *state;
	int fd;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_write(p, "a.py", "2");
	fd = open_file(p, "a.py", O_WRONLY | O_TRUNC);
	assert_int_equal(place_run(p, 150), 0); /* the file is empty now */
	assert_int_equal(write(fd, "3", 1), 1);
	close(fd);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(every_save_after_a_batch_makes_another_one)
{
	struct place *p = *state;

	place_watch(p);
	for (int i = 0; i < 5; i++) {
		place_write(p, "a.py", i % 2 ? "x" : "y");
		place_expect(p, "a.py", NULL);
	}
}

WATCH_TEST(opening_for_writing_without_a_change_is_nothing)
{
	struct place *p = *state;
	int fd;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_run(p, 50); /* so that the kernel's tick tells the file's time from now */
	watch_set_baseline(p->watch, wall_now());
	fd = open_file(p, "a.py", O_RDWR);
	close(fd);
	place_expect_nothing(p);
}

WATCH_TEST(a_touched_file_counts)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	watch_set_baseline(p->watch, wall_now());
	place_shell(p, "touch a.py");
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(an_older_file_moved_into_place_counts)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_write(p, "a.old", "0");
	place_watch(p);
	place_run(p, 50);
	watch_set_baseline(p->watch, wall_now());
	place_rename(p, "a.old", "a.py");
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_save_right_after_the_generation_has_started_counts)
{
	struct place *p = *state;

	place_watch(p);
	for (int i = 0; i < 50; i++) {
		place_write(p, "a.py", "1");
		watch_set_baseline(p->watch, wall_now());
		place_write(p, "a.py", "2");
		place_expect(p, "a.py", NULL);
	}
}

WATCH_TEST(reading_changing_modes_and_other_files_are_nothing)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_shell(p,
		    "cat a.py; chmod 600 a.py; echo > a.txt; mkdir -p __pycache__;"
		    "echo > __pycache__/a.cpython-311.pyc.1234; mv __pycache__/* __pycache__/a.pyc;"
		    "echo > .a.py.swp; rm .a.py.swp; ln -s x .#a.py; rm .#a.py; echo > a.py~");
	place_expect_nothing(p);
}

WATCH_TEST(names_are_bytes)
{
	struct place *p = *state;

	place_mkdir(p, "\xff\xfe d\n");
	place_watch(p);
	place_write(p, "\xff\xfe d\n/\x80.py", "1");
	place_expect(p, "\xff\xfe d\n/\x80.py", NULL);
}

WATCH_TEST(without_includes_every_file_counts)
{
	struct place *p = *state;

	strv_finish(&p->include);
	place_watch(p);
	place_write(p, "a.txt", "1");
	place_expect(p, "a.txt", NULL);
	place_write(p, "b.log", "1");
	place_expect_nothing(p);
}

WATCH_TEST(a_sync_reports_at_once_what_was_written_before_it)
{
	struct place *p = *state;

	place_watch(p);
	assert_false(place_sync(p));
	for (int i = 0; i < 100; i++) {
		place_mkdir(p, "new/deep");
		place_write(p, "new/deep/a.py", "1");
		assert_true(place_sync(p));
		assert_true(strv_contains(&p->paths, "new/deep/a.py"));
		place_remove(p, "new");
		assert_true(place_sync(p));
		assert_false(place_sync(p));
	}
	place_expect_nothing(p);
}

WATCH_TEST(a_sync_leaves_what_is_still_written)
{
	struct place *p = *state;
	int fd;

	place_watch(p);
	place_write(p, "a.py", "1");
	fd = open_file(p, "a.py", O_WRONLY | O_TRUNC);
	assert_false(place_sync(p));
	assert_int_equal(write(fd, "2", 1), 1);
	close(fd);
	assert_true(place_sync(p));
}

WATCH_TEST(what_changes_during_a_pause_is_one_batch_afterwards)
{
	struct place *p = *state;

	place_watch(p);
	watch_set_paused(p->watch, true);
	place_write(p, "a.py", "1");
	assert_int_equal(place_run(p, 50), 0);
	place_write(p, "b.py", "1");
	assert_int_equal(place_run(p, 50), 0);
	assert_false(place_sync(p));
	assert_true(watch_stats(p->watch).paused);
	watch_set_paused(p->watch, false);
	place_expect(p, "a.py", "b.py", NULL);
}

WATCH_TEST(a_longer_delay_is_kept)
{
	struct place *p = *state;
	struct mono began;

	p->config.delay_ms = 120;
	place_watch(p);
	began = mono_now();
	place_write(p, "a.py", "1");
	place_await(p);
	assert_true(mono_diff_ms(p->at, began) >= 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_save_is_one_batch),
		RUN(a_new_file_is_one_batch),
		RUN(a_deleted_file_is_one_batch),
		RUN(a_renamed_file_is_one_batch_with_both_names),
		RUN(a_file_renamed_into_place_is_one_batch),
		RUN(a_temporary_file_that_counts_by_its_name_is_nothing),
		RUN(links_count_without_being_closed),
		RUN(a_file_made_without_a_name_counts_when_it_gets_one),
		RUN(a_file_that_is_being_written_is_left_alone),
		RUN(a_new_file_that_is_being_written_is_left_alone),
		RUN(a_save_right_after_a_save_is_awaited),
		RUN(every_save_after_a_batch_makes_another_one),
		RUN(opening_for_writing_without_a_change_is_nothing),
		RUN(a_touched_file_counts),
		RUN(an_older_file_moved_into_place_counts),
		RUN(a_save_right_after_the_generation_has_started_counts),
		RUN(reading_changing_modes_and_other_files_are_nothing),
		RUN(names_are_bytes),
		RUN(without_includes_every_file_counts),
		RUN(a_sync_reports_at_once_what_was_written_before_it),
		RUN(a_sync_leaves_what_is_still_written),
		RUN(what_changes_during_a_pause_is_one_batch_afterwards),
		RUN(a_longer_delay_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
