/* What one image leaves, the next one takes up: the table, what is pending, what is queued; and nothing that does not fit. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

WATCH_TEST(what_is_written_before_and_after_a_hand_over_is_seen)
{
	struct place *p = *state;

	place_mkdir(p, "a/b/c");
	place_watch(p);
	place_write(p, "a/b/c/before.py", "1");
	place_hand_over(p);
	place_write(p, "a/after.py", "1");
	place_expect(p, "a/b/c/before.py", "a/after.py", NULL);
	place_mkdir(p, "a/new");
	place_write(p, "a/new/x.py", "1");
	place_expect(p, "a/new/x.py", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 5);
}

WATCH_TEST(a_pending_window_is_handed_over)
{
	struct place *p = *state;

	place_write(p, "a.py", "1");
	place_watch(p);
	place_unlink(p, "a.py");
	watch_read(p->watch);
	place_hand_over(p);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(a_move_that_is_under_way_is_handed_over)
{
	struct place *p = *state;

	place_mkdir(p, "root/pkg");
	place_mkdir(p, "outside");
	place_write(p, "root/pkg/a.py", "1");
	place_root(p, "root");
	place_watch(p);
	place_rename(p, "root/pkg", "outside/pkg");
	watch_read(p->watch);
	place_hand_over(p);
	place_rename(p, "outside/pkg", "root/back");
	place_expect_with(p, "root/back/a.py");
	place_write(p, "root/back/a.py", "2");
	place_expect(p, "root/back/a.py", NULL);
	place_rename(p, "root/back", "outside/pkg");
	watch_read(p->watch);
	place_hand_over(p);
	place_expect(p, "root/back", NULL);
	assert_int_equal(watch_stats(p->watch).directories, 1);
}

WATCH_TEST(counters_pauses_and_numbers_go_on)
{
	struct place *p = *state;
	struct watch_stats before, after;

	place_watch(p);
	place_write(p, "a.py", "1");
	place_expect(p, "a.py", NULL);
	watch_set_paused(p->watch, true);
	place_write(p, "a.py", "2");
	watch_read(p->watch);
	before = watch_stats(p->watch);
	place_hand_over(p);
	after = watch_stats(p->watch);
	assert_int_equal(after.events, before.events);
	assert_int_equal(after.overflows, before.overflows);
	assert_int_equal(after.directories, before.directories);
	assert_int_equal(after.backend, before.backend);
	assert_true(after.paused);
	assert_int_equal(place_run(p, 50), 0);
	watch_set_paused(p->watch, false);
	place_expect(p, "a.py", NULL);
}

WATCH_TEST(rules_and_locks_are_handed_over)
{
	struct place *p = *state;

	place_mkdir(p, ".git");
	place_mkdir(p, "gen");
	place_write(p, ".gitignore", "*_pb2.py\ngen/\n");
	place_watch(p);
	place_write(p, ".git/index.lock", "");
	watch_read(p->watch);
	place_hand_over(p);
	place_write(p, "a_pb2.py", "1");
	place_write(p, "gen/a.py", "1");
	place_write(p, "a.py", "1");
	assert_int_equal(place_run(p, 100), 0);
	place_unlink(p, ".git/index.lock");
	place_expect(p, "a.py", NULL);
	place_write(p, ".gitignore", "");
	place_expect_nothing(p);
	place_write(p, "gen/a.py", "2");
	place_expect(p, "gen/a.py", NULL);
}

WATCH_TEST(a_missing_root_is_awaited_by_the_next_image)
{
	struct place *p = *state;

	place_mkdir(p, "app");
	place_root(p, "app");
	place_root(p, "link");
	place_watch(p);
	place_remove(p, "app");
	place_settle(p);
	place_hand_over(p);
	place_mkdir(p, "app");
	place_expect(p, "app", NULL);
	assert_int_equal(symlink("app", place_path(p, "link")), 0);
	place_expect(p, "link", NULL);
}

WATCH_TEST(roots_that_are_asked_for_anew_are_armed_and_others_dropped)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_mkdir(p, "b");
	place_root(p, "a");
	place_watch(p);
	strv_finish(&p->roots);
	place_root(p, "b");
	place_hand_over(p);
	place_expect_nothing(p);
	place_write(p, "a/x.py", "1");
	place_expect_nothing(p);
	place_write(p, "b/x.py", "1");
	place_expect(p, "b/x.py", NULL);
}

WATCH_TEST(a_new_filter_takes_effect_and_is_no_change)
{
	struct place *p = *state;

	place_mkdir(p, "a");
	place_mkdir(p, "b");
	place_watch(p);
	assert_int_equal(strv_add(&p->exclude, "a"), 0);
	assert_int_equal(strv_add(&p->include, "*.html"), 0);
	place_hand_over(p);
	place_expect_nothing(p);
	assert_int_equal(watch_stats(p->watch).directories, 2);
	assert_int_equal(watch_stats(p->watch).left_out, 1);
	place_write(p, "a/x.py", "1");
	place_expect_nothing(p);
	place_write(p, "b/x.html", "1");
	place_expect(p, "b/x.html", NULL);
}

WATCH_TEST(polling_goes_on_from_the_same_snapshot)
{
	struct place *p = *state;

	p->config.poll_ms = 20;
	place_mkdir(p, "a");
	place_write(p, "a/x.py", "1");
	place_watch(p);
	for (int i = 0; i < 3; i++) {
		place_write(p, "a/x.py", i % 2 ? "odd" : "even");
		place_hand_over(p);
		place_await(p);
		assert_int_equal(p->paths.len, 1);
		assert_string_equal(p->paths.v[0], "a/x.py");
		place_hand_over(p);
		assert_int_equal(place_run(p, 100), 0);
	}
}

WATCH_TEST(what_the_kernel_refused_is_polled_by_the_next_image)
{
	struct place *p = *state;

	place_mkdir(p, "a/b/c");
	place_write(p, "a/b/c/x.py", "1");
	p->limits.watches = 4;
	place_root(p, "a");
	place_watch(p);
	assert_true(watch_stats(p->watch).polled > 0);
	place_write(p, "a/b/c/x.py", "22");
	place_hand_over(p); /* the limit of the test is not handed over: watches are free again */
	place_await(p);
	assert_string_equal(p->paths.v[0], "a/b/c/x.py");
	assert_int_equal(watch_stats(p->watch).backend, WATCH_INOTIFY);
}

/* Restores from these bytes and this descriptor, and expects that everything is armed anew and told as an overflow. */
static void expect_anew(struct place *p, const void *data, size_t len, int fd)
{
	watch_destroy(p->watch);
	p->watch = NULL;
	assert_int_equal(watch_restore(&p->watch, &p->config, fd, data, len), 0);
	assert_int_equal(place_settle(p), 1);
	assert_true(p->overflow);
	place_write(p, "a/x.py", "1");
	place_expect(p, "a/x.py", NULL);
}

WATCH_TEST(what_does_not_fit_is_armed_anew_and_one_batch)
{
	struct place *p = *state;
	struct buf bytes;
	int fd, other;

	place_mkdir(p, "a");
	place_watch(p);
	buf_init(&bytes, SIZE_MAX);
	assert_int_equal(watch_save(p->watch, &bytes, &fd), 0);

	/* No descriptor, no inotify descriptor, and one that watches something else. */
	expect_anew(p, buf_data(&bytes), buf_len(&bytes), -1);
	expect_anew(p, buf_data(&bytes), buf_len(&bytes), open("/dev/null", O_RDONLY | O_CLOEXEC));
	other = inotify_init1(IN_CLOEXEC);
	for (int i = 0; i < 50; i++) {
		char path[32];

		snprintf(path, sizeof(path), "other%d", i);
		place_mkdir(p, path);
		assert_true(inotify_add_watch(other, place_path(p, path), IN_CREATE) > 0);
	}
	expect_anew(p, buf_data(&bytes), buf_len(&bytes), other);

	/* Damaged bytes, and another format. */
	expect_anew(p, buf_data(&bytes), buf_len(&bytes) - 1, inotify_init1(IN_CLOEXEC));
	buf_data(&bytes)[7]++;
	expect_anew(p, buf_data(&bytes), buf_len(&bytes), inotify_init1(IN_CLOEXEC));
	expect_anew(p, "", 0, inotify_init1(IN_CLOEXEC));
	buf_finish(&bytes);
}

WATCH_TEST(cut_and_changed_bytes_do_no_harm)
{
	struct place *p = *state;
	struct buf bytes;
	int fd;

	place_mkdir(p, "a/b");
	place_mkdir(p, ".git");
	place_write(p, ".gitignore", "x\n");
	place_write(p, "a/x.py", "1");
	place_watch(p);
	place_unlink(p, "a/x.py");
	watch_read(p->watch);
	buf_init(&bytes, SIZE_MAX);
	assert_int_equal(watch_save(p->watch, &bytes, &fd), 0);
	for (size_t i = 0; i < buf_len(&bytes); i++) {
		struct watch *w;
		char *byte = &buf_data(&bytes)[i], old = *byte;

		*byte = (char)(old ^ 0x41);
		assert_int_equal(watch_restore(&w, &p->config,
					       inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
					       buf_data(&bytes), buf_len(&bytes)),
				 0);
		watch_read(w);
		watch_destroy(w);
		*byte = old;
	}
	buf_finish(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(what_is_written_before_and_after_a_hand_over_is_seen),
		RUN(a_pending_window_is_handed_over),
		RUN(a_move_that_is_under_way_is_handed_over),
		RUN(counters_pauses_and_numbers_go_on),
		RUN(rules_and_locks_are_handed_over),
		RUN(a_missing_root_is_awaited_by_the_next_image),
		RUN(roots_that_are_asked_for_anew_are_armed_and_others_dropped),
		RUN(a_new_filter_takes_effect_and_is_no_change),
		RUN(polling_goes_on_from_the_same_snapshot),
		RUN(what_the_kernel_refused_is_polled_by_the_next_image),
		RUN(what_does_not_fit_is_armed_anew_and_one_batch),
		RUN(cut_and_changed_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
