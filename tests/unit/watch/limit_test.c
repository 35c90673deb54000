/* When the kernel has no watches left, loses events, or is not to be asked: nothing is missed. */
#include "daemon/master/watch_kernel.h"

#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_tree(struct place *p, int n)
{
	char path[64];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "t/d%d/e", i);
		place_mkdir(p, path);
		snprintf(path, sizeof(path), "t/d%d/e/x.py", i);
		place_write(p, path, "1");
	}
}

static void save_each(struct place *p, int n, const char *text)
{
	char path[64];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "t/d%d/e/x.py", i);
		place_write(p, path, text);
		place_await(p);
		assert_true(strv_contains(&p->paths, path));
	}
}

WATCH_TEST(what_the_kernel_refuses_is_polled)
{
	struct place *p = *state;

	make_tree(p, 10);
	p->limits.watches = 12;
	place_root(p, "t");
	place_watch(p);

	struct watch_stats s = watch_stats(p->watch);

	assert_int_equal(s.backend, WATCH_MIXED);
	assert_int_equal(s.directories, 21);
	assert_true(s.polled >= 9 && s.polled < 21);
	save_each(p, 10, "22");

	/* Something new in the part that is polled. */
	place_mkdir(p, "t/d9/e/new/deep");
	place_write(p, "t/d9/e/new/deep/y.py", "1");
	place_await(p);
	assert_true(strv_contains(&p->paths, "t/d9/e/new/deep/y.py"));
	place_unlink(p, "t/d9/e/new/deep/y.py");
	place_await(p);
	assert_true(strv_contains(&p->paths, "t/d9/e/new/deep/y.py"));
	assert_int_equal(place_run(p, 600), 0);
}

WATCH_TEST(a_watch_that_becomes_free_is_used)
{
	struct place *p = *state;

	make_tree(p, 10);
	p->limits.watches = 17;
	place_root(p, "t");
	place_watch(p);
	assert_true(watch_stats(p->watch).polled > 0);
	place_shell(p, "rm -r t/d0 t/d1 t/d2 t/d3 t/d4");
	place_await(p);
	while (watch_stats(p->watch).polled > 0)
		place_run(p, 100);
	assert_int_equal(watch_stats(p->watch).backend, WATCH_INOTIFY);
	place_settle(p);
	place_write(p, "t/d9/e/x.py", "2");
	place_expect(p, "t/d9/e/x.py", NULL);
}

WATCH_TEST(without_any_instance_everything_is_polled)
{
	struct place *p = *state;

	make_tree(p, 3);
	p->limits.refuse_instance = true;
	place_root(p, "t");
	place_root(p, "single.conf");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).backend, WATCH_POLL);
	assert_int_equal(watch_fd(p->watch), -1);
	save_each(p, 3, "22");
	place_write(p, "single.conf", "1");
	place_await(p);
	assert_true(strv_contains(&p->paths, "single.conf"));
	place_write(p, "single.conf", "2");
	place_await(p);
	assert_true(strv_contains(&p->paths, "single.conf"));
}

WATCH_TEST(polling_on_demand_sees_what_inotify_sees)
{
	struct place *p = *state;

	make_tree(p, 3);
	p->config.poll_ms = 20;
	place_root(p, "t");
	place_watch(p);
	assert_int_equal(watch_stats(p->watch).backend, WATCH_POLL);
	save_each(p, 3, "22");
	place_rename(p, "t/d0", "t/moved");
	place_await(p);
	assert_true(strv_contains(&p->paths, "t/moved/e/x.py"));
	place_remove(p, "t");
	place_await(p);
	place_run(p, 100);
	place_mkdir(p, "t");
	place_await(p);
	assert_true(strv_contains(&p->paths, "t"));
}

WATCH_TEST(a_polled_file_that_is_being_written_is_left_alone)
{
	struct place *p = *state;
	int fd;

	p->config.poll_ms = 20;
	place_write(p, "a.py", "1");
	place_watch(p);
	fd = open(place_path(p, "a.py"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(place_run(p, 300), 0);
	assert_int_equal(write(fd, "22", 2), 2);
	close(fd);
	place_await(p);
	assert_int_equal(p->paths.len, 1);
}

WATCH_TEST(a_sync_polls_at_once)
{
	struct place *p = *state;

	p->config.poll_ms = 60000;
	place_write(p, "a.py", "1");
	place_watch(p);
	for (int i = 0; i < 20; i++) {
		place_write(p, "a.py", i % 2 ? "odd" : "even");
		assert_true(place_sync(p));
		assert_false(place_sync(p));
	}
}

static int max_queued_events(void)
{
	FILE *in = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	int n = 0;

	assert_non_null(in);
	assert_int_equal(fscanf(in, "%d", &n), 1);
	fclose(in);
	return n;
}

/* Fills the kernel's queue: no two neighbours are alike, so none are merged. */
static void overflow(struct place *p)
{
	char path[64];

	for (int i = max_queued_events() / 2 + 100; i > 0; i--) {
		snprintf(path, sizeof(path), "f%d.txt", i % 100);
		place_write(p, path, "");
		snprintf(path, sizeof(path), "g%d.txt", i % 100);
		place_write(p, path, "");
	}
}

WATCH_TEST(an_overflow_is_one_batch_and_everything_is_watched_afterwards)
{
	struct place *p = *state;

	place_mkdir(p, "old/deep");
	place_watch(p);
	overflow(p);
	place_mkdir(p, "new/deep");
	place_write(p, "new/deep/a.py", "1");
	place_remove(p, "old");
	assert_int_equal(place_settle(p), 1);
	assert_true(p->overflow);
	assert_int_equal(watch_stats(p->watch).overflows, 1);
	assert_int_equal(watch_stats(p->watch).directories, 3);
	place_write(p, "new/deep/a.py", "2");
	place_expect(p, "new/deep/a.py", NULL);
	assert_false(p->overflow);
}

WATCH_TEST(overflows_in_a_row_are_rescanned_with_a_pause)
{
	struct place *p = *state;
	struct mono first;

	place_watch(p);
	overflow(p);
	assert_int_equal(place_settle(p), 1);
	first = p->at;
	overflow(p);
	assert_int_equal(place_settle(p), 1);
	assert_true(p->overflow);
	assert_true(mono_diff_ms(p->at, first) >= 100 - DEBOUNCE_STORM_MS);
}

WATCH_TEST(a_sync_after_an_overflow_does_not_wait)
{
	struct place *p = *state;

	place_watch(p);
	for (int i = 0; i < 2; i++) {
		overflow(p);
		assert_true(place_sync(p));
		assert_true(p->overflow);
		assert_false(place_sync(p));
	}
}

WATCH_TEST(nothing_runs_when_nothing_happens)
{
	struct place *p = *state;

	make_tree(p, 3);
	place_watch(p);
	assert_false(mono_is_set(watch_deadline(p->watch)));
	place_write(p, "t/d0/e/x.py", "2");
	place_settle(p);
	assert_false(mono_is_set(watch_deadline(p->watch)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(what_the_kernel_refuses_is_polled),
		RUN(a_watch_that_becomes_free_is_used),
		RUN(without_any_instance_everything_is_polled),
		RUN(polling_on_demand_sees_what_inotify_sees),
		RUN(a_polled_file_that_is_being_written_is_left_alone),
		RUN(a_sync_polls_at_once),
		RUN(an_overflow_is_one_batch_and_everything_is_watched_afterwards),
		RUN(overflows_in_a_row_are_rescanned_with_a_pause),
		RUN(a_sync_after_an_overflow_does_not_wait),
		RUN(nothing_runs_when_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
