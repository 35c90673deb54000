/* The event ring: numbers without gaps, replay, and its way into the next image. */
#include "daemon/master/events.h"

#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#define BOOT "0123456789abcdef0123456789abcdef"

struct published {
	size_t count;
	char last[64 * 1024];
};

static void keep_published(void *owner, const char *line, size_t len)
{
	struct published *p = owner;

	assert_true(len < sizeof(p->last));
	memcpy(p->last, line, len);
	p->last[len] = '\0';
	p->count++;
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
	struct published p = {0};
	bool lost;

	events_set_publish(e, keep_published, &p);
	events_emit(e, "daemon", json_pack("{s:s}", "event", "started"));
	assert_int_equal(p.count, 1);

	json_t *kept = replay(e, 0, 10, &lost);
	json_t *published = json_loads(p.last, 0, NULL);

	assert_true(json_equal(json_array_get(kept, 0), published));
	assert_int_equal(seq_of(kept, 0), 1);
	assert_string_equal(json_string_value(json_object_get(published, "boot_id")), BOOT);
	assert_string_equal(json_string_value(json_object_get(published, "type")), "daemon");
	assert_string_equal(json_string_value(json_object_get(published, "event")), "started");
	assert_int_equal(strlen(json_string_value(json_object_get(published, "time"))), 24);
	assert_false(lost);
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
	struct published p = {0};
	json_t *paths = json_array();

	for (int i = 0; i < 20000; i++)
		json_array_append_new(paths, json_sprintf("/tree/file%d.py", i));
	events_set_publish(e, keep_published, &p);
	events_emit(e, "change", json_pack("{s:o}", "paths", paths));
	assert_int_equal(p.count, 1);
	assert_true(strlen(p.last) <= 16 * 1024);
	assert_non_null(strstr(p.last, "\"truncated\":true"));
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

TEST(the_next_image_goes_on_with_the_next_number_and_the_same_events)
{
	struct events *e = events_create(BOOT), *next = events_create(BOOT);
	struct buf saved;
	bool lost;

	emit_many(e, EVENTS_KEPT + 3);
	buf_init(&saved, SIZE_MAX);
	assert_int_equal(events_save(e, &saved), 0);
	assert_int_equal(events_restore(next, buf_data(&saved), buf_len(&saved)), 0);
	events_emit(next, "daemon", NULL);

	json_t *before = replay(e, 5, SIZE_MAX, &lost);
	json_t *after = replay(next, 5, EVENTS_KEPT - 2, &lost);

	assert_int_equal(events_last_seq(next), EVENTS_KEPT + 4);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	buf_finish(&saved);
	events_destroy(e);
	events_destroy(next);
}

TEST(damaged_state_loses_events_but_repeats_no_number)
{
	struct events *e = events_create(BOOT);
	struct buf saved;

	emit_many(e, 5);
	buf_init(&saved, SIZE_MAX);
	assert_int_equal(events_save(e, &saved), 0);
	for (size_t len = 0; len < buf_len(&saved); len++) {
		struct events *next = events_create(BOOT);

		assert_true(events_restore(next, buf_data(&saved), len) < 0);
		assert_true(events_last_seq(next) == 0 || events_last_seq(next) == 5);
		events_emit(next, "daemon", NULL);
		events_destroy(next);
	}
	buf_finish(&saved);
	events_destroy(e);
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
		cmocka_unit_test(damaged_state_loses_events_but_repeats_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
