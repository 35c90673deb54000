/* The event ring: numbers without gaps, replay, and its way into the next image. */
#include "daemon/master/events.h"

#include "daemon/master/handoff.h"
#include "daemon/master/ring.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT "0123456789abcdef0123456789abcdef"

static void count(void *owner)
{
	++*(size_t *)owner;
}

/* The newest event as subscribers get it, allocated. */
static char *newest(const struct events *e)
{
	size_t len = 0;
	const char *line = ring_at(events_ring(e), events_last_seq(e), &len);

	return strndup(line, len);
}

static json_int_t seq_of(const json_t *events, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(events, i), "seq"));
}

static json_t *replay(const struct events *e, uint64_t since, size_t max, bool *lost)
{
	json_t *out = json_array();

	assert_int_equal(events_since(e, since, max, out, lost), 0);
	return out;
}

static void emit_many(struct events *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		events_emit(e, "worker", json_pack("{s:i}", "i", (int)i));
}

TEST(an_event_says_what_it_is_and_when_and_is_published_as_it_is_kept)
{
	struct events *e = events_create(BOOT);
	size_t told = 0;
	bool lost;

	events_set_publish(e, count, &told);
	events_emit(e, "daemon", json_pack("{s:s}", "event", "started"));
	assert_int_equal(told, 1);

	json_t *kept = replay(e, 0, 10, &lost);
	char *line = newest(e);
	json_t *published = json_loads(line, 0, NULL);

	assert_true(json_equal(json_array_get(kept, 0), published));
	assert_int_equal(seq_of(kept, 0), 1);
	assert_string_equal(json_string_value(json_object_get(published, "boot_id")), BOOT);
	assert_string_equal(json_string_value(json_object_get(published, "type")), "daemon");
	assert_string_equal(json_string_value(json_object_get(published, "event")), "started");
	assert_int_equal(strlen(json_string_value(json_object_get(published, "time"))), 24);
	assert_false(lost);
	free(line);
	json_decref(kept);
	json_decref(published);
	events_destroy(e);
}

TEST(fields_of_the_caller_do_not_replace_the_envelope)
{
	struct events *e = events_create(BOOT);
	bool lost;

	events_emit(e, "daemon", json_pack("{s:i, s:s}", "seq", 99, "type", "lie"));

	json_t *kept = replay(e, 0, 10, &lost);

	assert_int_equal(seq_of(kept, 0), 1);
	json_decref(kept);
	events_destroy(e);
}

TEST(replay_gives_what_is_newer_oldest_first_and_not_more_than_asked_for)
{
	struct events *e = events_create(BOOT);
	bool lost;

	emit_many(e, 10);

	json_t *some = replay(e, 4, 3, &lost);

	assert_int_equal(json_array_size(some), 3);
	assert_int_equal(seq_of(some, 0), 5);
	assert_int_equal(seq_of(some, 2), 7);
	assert_false(lost);
	json_decref(some);

	json_t *none = replay(e, 10, 3, &lost);

	assert_int_equal(json_array_size(none), 0);
	assert_false(lost);
	json_decref(none);

	none = replay(e, UINT64_MAX, 3, &lost);
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
	events_destroy(e);
}

TEST(what_is_no_longer_kept_counts_as_lost)
{
	struct events *e = events_create(BOOT);
	bool lost;

	emit_many(e, EVENTS_KEPT + 10);

	json_t *all = replay(e, 0, SIZE_MAX, &lost);

	assert_true(lost);
	assert_int_equal(json_array_size(all), EVENTS_KEPT);
	assert_int_equal(seq_of(all, 0), 11);
	json_decref(all);

	all = replay(e, 10, 1, &lost);
	assert_false(lost);
	json_decref(all);
	events_destroy(e);
}

TEST(a_change_of_a_whole_tree_is_one_event_of_bounded_length)
{
	struct events *e = events_create(BOOT);
	json_t *paths = json_array();
	char *line;

	for (int i = 0; i < 20000; i++)
		json_array_append_new(paths, json_sprintf("/tree/file%d.py", i));
	events_emit(e, "change", json_pack("{s:o}", "paths", paths));
	assert_int_equal(events_last_seq(e), 1);
	line = newest(e);
	assert_true(strlen(line) <= 16 * 1024);
	assert_non_null(strstr(line, "\"truncated\":true"));
	free(line);
	events_destroy(e);
}

TEST(long_events_push_old_ones_out_by_their_bytes)
{
	struct events *e = events_create(BOOT);
	char text[15001];
	bool lost;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		events_emit(e, "daemon", json_pack("{s:s}", "text", text));

	json_t *kept = replay(e, 0, SIZE_MAX, &lost);

	assert_true(lost);
	assert_in_range(json_array_size(kept), 50, 75);
	assert_int_equal(seq_of(kept, json_array_size(kept) - 1), 1000);
	json_decref(kept);
	events_destroy(e);
}

/* What an execve does: the state as text, descriptors that stay open. */
static int cross(struct events *from, struct events *to, const char *text)
{
	struct handoff_fds fds = {0};
	json_t *state = events_save(from, &fds);
	int err, copy;

	/* The other one's goes on belonging to it. */
	copy = dup(fds.fd[0]);
	fds.fd[0] = copy;
	json_object_set_new(state, "fd", json_integer(copy));
	if (text) {
		json_decref(state);
		state = json_loads(text, 0, NULL);
	}
	err = events_restore(to, state, &fds);
	json_decref(state);
	handoff_fds_finish(&fds, true);
	return err;
}

TEST(the_next_image_goes_on_with_the_next_number_and_the_same_events)
{
	struct events *e = events_create(BOOT), *next = events_create(BOOT);
	bool lost;

	emit_many(e, EVENTS_KEPT + 3);
	json_t *before = replay(e, 5, SIZE_MAX, &lost);

	assert_int_equal(cross(e, next, NULL), 0);
	events_emit(next, "daemon", NULL);

	json_t *after = replay(next, 5, EVENTS_KEPT - 2, &lost);

	assert_int_equal(events_last_seq(next), EVENTS_KEPT + 4);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	events_destroy(e);
	events_destroy(next);
}

TEST(events_that_cannot_be_read_are_lost_but_no_number_is_repeated)
{
	struct events *e = events_create(BOOT), *next = events_create(BOOT);
	bool lost;

	emit_many(e, 5);
	assert_true(cross(e, next, "{\"last\":5,\"fd\":0,\"size\":4096,\"head\":0,\"used\":0}") <
		    0);
	events_emit(next, "daemon", NULL);
	assert_int_equal(events_last_seq(next), 6);

	json_t *left = replay(next, 3, SIZE_MAX, &lost);

	assert_int_equal(json_array_size(left), 1);
	assert_true(lost);
	json_decref(left);
	events_destroy(e);
	events_destroy(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_says_what_it_is_and_when_and_is_published_as_it_is_kept),
		cmocka_unit_test(fields_of_the_caller_do_not_replace_the_envelope),
		cmocka_unit_test(
			replay_gives_what_is_newer_oldest_first_and_not_more_than_asked_for),
		cmocka_unit_test(what_is_no_longer_kept_counts_as_lost),
		cmocka_unit_test(a_change_of_a_whole_tree_is_one_event_of_bounded_length),
		cmocka_unit_test(long_events_push_old_ones_out_by_their_bytes),
		cmocka_unit_test(the_next_image_goes_on_with_the_next_number_and_the_same_events),
		cmocka_unit_test(events_that_cannot_be_read_are_lost_but_no_number_is_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
