/* Roots that go, come back, are links or single files. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process whose current directory is `path`, as a worker's is: the directory then dies without a word. */
static pid_t sit_in(struct place *p, const char *path)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(place_path(p, path)) < 0 || write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void stand_up(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A swapped link from here to there, by rename(2) as deployments do it. */
static void swap_link(struct place *p, const char *target, const char *link)
{
	assert_int_equal(symlink(target, place_path(p, "new-link")), 0);
	place_rename(p, "new-link", link);
}

WATCH_TEST(a_root_removed_and_made_again_with_a_worker_inside_is_watched)
{
	struct place *p = *state;
	pid_t worker;

	place_mkdir(p, "app/src");
	place_write(p, "app/src/a.py", "1");
	place_root(p, "app");
	place_watch(p);
	worker = sit_in(p, "app");
	for (int i = 0; i < 3; i++) {
		place_remove(p, "app");
		place_expect(p, "app/src/a.py", NULL);
		assert_int_equal(watch_stats(p->watch).directories, 0);
		place_mkdir(p, "app/src");
		place_expect(p, "app", NULL);
		place_write(p, "app/src/a.py", "2");
		place_expect(p, "app/src/a.py", NULL);
		stand_up(worker);
		worker = sit_in(p, "app");
	}
	stand_up(worker);
}

WATCH_TEST(a_root_exchanged_while_nobody_looked_is_one_batch)
{
	struct place *p = *state;
	pid_t worker;

	place_mkdir(p, "app");
	place_mkdir(p, "new");
	place_write(p, "new/b.py", "1");
	place_root(p, "app");
	place_watch(p);
	worker = sit_in(p, "app");
	place_rename(p, "app", "old");
	place_rename(p, "new", "app");
	place_expect(p, "app", NULL);
	place_write(p, "app/b.py", "2");
	place_expect(p, "app/b.py", NULL);
	place_write(p, "old/a.py", "2");
	place_expect_nothing(p);
	stand_up(worker);
}

WATCH_TEST(a_root_whose_parents_vanish_is_awaited)
{
	struct place *p = *state;
	pid_t worker;

	place_mkdir(p, "x/y/z/app");
	place_write(p, "x/y/z/app/a.py", "1");
	place_root(p, "x/y/z/app");
	place_watch(p);
	worker = sit_in(p, "x/y");
	place_remove(p, "x");
	place_expect(p, "x/y/z/app/a.py", NULL);
	place_mkdir(p, "x/y");
	place_expect_nothing(p);
	place_mkdir(p, "x/y/z/app");
	place_expect(p, "x/y/z/app", NULL);
	place_write(p, "x/y/z/app/a.py", "2");
	place_expect(p, "x/y/z/app/a.py", NULL);
	stand_up(worker);
}

WATCH_TEST(a_directory_above_the_root_may_be_exchanged)
{
	struct place *p = *state;

	place_mkdir(p, "rel/app");
	place_mkdir(p, "next/app");
	place_root(p, "rel/app");
	place_watch(p);
	place_rename(p, "rel", "old");
	place_expect_nothing(p);
	place_rename(p, "next", "rel");
	place_expect(p, "rel/app", NULL);
	place_write(p, "rel/app/a.py", "1");
	place_expect(p, "rel/app/a.py", NULL);
}

WATCH_TEST(a_root_that_is_not_there_yet_is_awaited)
{
	struct place *p = *state;

	place_root(p, "later/src");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 0);
	place_mkdir(p, "later");
	place_expect_nothing(p);
	place_mkdir(p, "later/src");
	place_expect(p, "later/src", NULL);
	place_write(p, "later/src/a.py", "1");
	place_expect(p, "later/src/a.py", NULL);
}

WATCH_TEST(a_link_that_turns_to_another_release_is_one_batch_soon)
{
	struct place *p = *state;
	struct mono began;

	place_mkdir(p, "releases/1/app");
	place_mkdir(p, "releases/2/app");
	swap_link(p, "releases/1", "current");
	place_root(p, "current/app");
	place_watch(p);
	place_write(p, "releases/1/app/a.py", "1");
	place_expect(p, "current/app/a.py", NULL);
	began = mono_now();
	swap_link(p, "releases/2", "current");
	place_expect(p, "current/app", NULL);
	assert_true(mono_diff_ms(p->at, began) < 1000); /* 3, on a machine that does nothing else */
	place_write(p, "releases/2/app/a.py", "1");
	place_expect(p, "current/app/a.py", NULL);
	place_write(p, "releases/1/app/a.py", "2");
	place_expect_nothing(p);
}

WATCH_TEST(a_chain_of_links_is_watched_link_by_link)
{
	struct place *p = *state;

	/* As Kubernetes mounts a ConfigMap: app -> ..data/app, ..data -> ..1. */
	place_mkdir(p, "map/..1/app");
	place_mkdir(p, "map/..2/app");
	swap_link(p, "..1", "map/..data");
	swap_link(p, "..data/app", "map/app");
	place_root(p, "map/app");
	place_watch(p);
	swap_link(p, "..2", "map/..data");
	place_expect(p, "map/app", NULL);
	place_write(p, "map/..2/app/a.py", "1");
	place_expect(p, "map/app/a.py", NULL);
	place_unlink(p, "map/app");
	place_expect(p, "map/app", NULL); /* what was there is lost */
	swap_link(p, place_path(p, "map/..1/app"), "map/app");
	place_expect(p, "map/app", NULL);
}

WATCH_TEST(links_in_a_circle_are_no_root)
{
	struct place *p = *state;

	assert_int_equal(symlink("b", place_path(p, "a")), 0);
	assert_int_equal(symlink("a", place_path(p, "b")), 0);
	place_root(p, "a");
	place_watch(p);
	place_expect_nothing(p);
	place_mkdir(p, "real");
	swap_link(p, "real", "b");
	place_expect(p, "a", NULL);
}

WATCH_TEST(a_single_file_is_watched_by_name)
{
	struct place *p = *state;

	place_write(p, "settings.toml", "1");
	place_root(p, "settings.toml");
	place_watch(p);
	place_write(p, "settings.toml", "2");
	place_expect(p, "settings.toml", NULL);
	place_write(p, "other.toml", "2");
	place_expect_nothing(p);
	place_write(p, "settings.toml.new", "3");
	place_rename(p, "settings.toml.new", "settings.toml");
	place_expect(p, "settings.toml", NULL);
	place_rename(p, "settings.toml", "settings.toml~");
	place_write(p, "settings.toml", "4");
	place_expect(p, "settings.toml", NULL);
	place_unlink(p, "settings.toml");
	place_expect(p, "settings.toml", NULL);
	place_write(p, "settings.toml", "5");
	place_expect(p, "settings.toml", NULL);
}

WATCH_TEST(a_single_file_may_be_reached_by_links)
{
	struct place *p = *state;

	place_mkdir(p, "v1");
	place_mkdir(p, "v2");
	place_write(p, "v1/a.conf", "1");
	place_write(p, "v2/a.conf", "1");
	swap_link(p, "v1", "current");
	swap_link(p, "current/a.conf", "a.conf");
	place_root(p, "a.conf");
	place_watch(p);
	place_write(p, "v1/a.conf", "2");
	place_expect(p, "a.conf", NULL);
	place_write(p, "v2/a.conf", "2");
	place_expect_nothing(p);
	swap_link(p, "v2", "current");
	place_expect(p, "a.conf", NULL);
	place_write(p, "v2/a.conf", "3");
	place_expect(p, "a.conf", NULL);
}

WATCH_TEST(roots_may_lie_in_one_another)
{
	struct place *p = *state;

	place_mkdir(p, "app/node_modules/mine");
	place_mkdir(p, "app/src/deep");
	place_root(p, "app/src/deep");
	place_root(p, "app");
	place_root(p, "app/node_modules/mine");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).directories, 4);
	place_write(p, "app/src/deep/a.py", "1");
	place_expect(p, "app/src/deep/a.py", NULL);
	place_write(p, "app/node_modules/mine/a.py", "1");
	place_expect(p, "app/node_modules/mine/a.py", NULL);

	assert_int_equal(watch_remove_root(p->watch, place_path(p, "app")), 0);
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	place_write(p, "app/src/a.py", "1");
	place_expect_nothing(p);
	place_write(p, "app/src/deep/a.py", "2");
	place_expect(p, "app/src/deep/a.py", NULL);
}

WATCH_TEST(roots_are_added_and_removed)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_mkdir(p, "b");
	place_root(p, "a");
	place_watch(p);
	assert_int_equal(watch_add_root(p->watch, place_path(p, "b")), 0);
	assert_int_equal(watch_add_root(p->watch, place_path(p, "b")), -EEXIST);
	assert_int_equal(watch_roots(p->watch)->len, 2);
	place_expect_nothing(p);
	place_write(p, "b/x.py", "1");
	place_expect(p, "b/x.py", NULL);
	assert_int_equal(watch_remove_root(p->watch, place_path(p, "a")), 0);
	assert_int_equal(watch_remove_root(p->watch, place_path(p, "a")), -ENOENT);
	place_write(p, "a/x.py", "1");
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 1);
}

WATCH_TEST(what_changed_before_a_root_is_added_stays_a_change)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_mkdir(p, "b");
	place_root(p, "a");
	place_watch(p);
	place_mkdir(p, "a/new");
	place_write(p, "a/new/x.py", "1");
	assert_int_equal(watch_add_root(p->watch, place_path(p, "b")), 0);
	place_expect(p, "a/new/x.py", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_root_removed_and_made_again_with_a_worker_inside_is_watched),
		RUN(a_root_exchanged_while_nobody_looked_is_one_batch),
		RUN(a_root_whose_parents_vanish_is_awaited),
		RUN(a_directory_above_the_root_may_be_exchanged),
		RUN(a_root_that_is_not_there_yet_is_awaited),
		RUN(a_link_that_turns_to_another_release_is_one_batch_soon),
		RUN(a_chain_of_links_is_watched_link_by_link),
		RUN(links_in_a_circle_are_no_root),
		RUN(a_single_file_is_watched_by_name),
		RUN(a_single_file_may_be_reached_by_links),
		RUN(roots_may_lie_in_one_another),
		RUN(roots_are_added_and_removed),
		RUN(what_changed_before_a_root_is_added_stays_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
