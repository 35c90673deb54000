/* Records in a ring of bytes: what is kept, in one piece, and across an exec. */
#include "daemon/master/ring.h"

#include "daemon/master/handoff.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int add(struct ring *r, const char *text)
{
	const struct iovec part = {(char *)(uintptr_t)text, strlen(text)};

	return ring_add(r, &part, 1);
}

static void assert_record(const struct ring *r, uint64_t number, const char *text)
{
	size_t len = 0;
	const char *record = ring_at(r, number, &len);

	assert_non_null(record);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(record, text, len);
}

TEST(records_are_numbered_from_one_and_made_of_their_parts)
{
	struct ring *r = ring_create("test", 4096, 10);
	const struct iovec parts[] = {{(char *)"ab", 2}, {(char *)"", 0}, {(char *)"cde", 3}};
	size_t len;

	assert_int_equal(ring_last(r), 0);
	assert_int_equal(ring_first(r), 1);
	assert_null(ring_at(r, 0, &len));
	assert_null(ring_at(r, 1, &len));
	assert_int_equal(ring_add(r, parts, ARRAY_LEN(parts)), 0);
	assert_int_equal(add(r, ""), 0);
	assert_record(r, 1, "abcde");
	assert_record(r, 2, "");
	assert_null(ring_at(r, 3, &len));
	assert_int_equal(ring_last(r), 2);
	ring_destroy(r);
}

TEST(the_oldest_make_room_by_their_bytes_and_each_record_stays_in_one_piece)
{
	struct ring *r = ring_create("test", 4096, 100);
	char text[128];
	size_t len;

	for (int i = 1; i <= 2000; i++) {
		snprintf(text, sizeof(text), "%d %.*s", i, i % 90,
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			 "xxxxxxx"
			 "xxxxxxxxxx");
		assert_int_equal(add(r, text), 0);
		assert_record(r, (uint64_t)i, text);
	}
	assert_int_equal(ring_last(r), 2000);
	assert_in_range(ring_first(r), 1900, 1970);
	assert_null(ring_at(r, ring_first(r) - 1, &len));
	for (uint64_t number = ring_first(r); number <= 2000; number++) {
		const char *record = ring_at(r, number, &len);

		assert_int_equal(strtol(record, NULL, 10), number);
	}
	ring_destroy(r);
}

TEST(the_oldest_make_room_by_their_number)
{
	struct ring *r = ring_create("test", 4096, 3);

	for (int i = 0; i < 10; i++)
		assert_int_equal(add(r, "x"), 0);
	assert_int_equal(ring_first(r), 8);
	ring_destroy(r);
}

TEST(a_record_may_fill_the_ring_but_not_more)
{
	struct ring *r = ring_create("test", 4096, 10);
	static char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(add(r, text), -EMSGSIZE);
	assert_int_equal(add(r, "small"), 0);
	text[4092] = '\0';
	assert_int_equal(add(r, text), 0);
	assert_record(r, 2, text);
	assert_int_equal(ring_first(r), 2);
	ring_destroy(r);
}

/* As another image would find it: its descriptor is a copy, so that both can end. */
static json_t *save(struct ring *r, struct handoff_fds *fds)
{
	json_t *state = ring_save(r, fds);

	if (fds->count) {
		fds->fd[0] = dup(fds->fd[0]);
		json_object_set_new(state, "fd", json_integer(fds->fd[0]));
	}
	return state;
}

TEST(the_next_image_has_the_same_records_and_the_next_number)
{
	struct ring *r = ring_create("test", 4096, 50), *next = ring_create("test", 4096, 50);
	struct handoff_fds fds = {0};
	char text[32];

	for (int i = 1; i <= 1000; i++) {
		snprintf(text, sizeof(text), "record %d", i);
		assert_int_equal(add(r, text), 0);
	}

	json_t *saved = save(r, &fds);

	assert_int_equal(ring_restore(next, saved, &fds), 0);
	assert_int_equal(fds.count, 0);
	assert_int_equal(ring_first(next), 951);
	assert_record(next, 951, "record 951");
	assert_record(next, 1000, "record 1000");
	assert_int_equal(add(next, "new"), 0);
	assert_record(next, 1001, "new");
	assert_int_equal(ring_first(next), 952);
	json_decref(saved);
	handoff_fds_finish(&fds, true);
	ring_destroy(r);
	ring_destroy(next);
}

TEST(a_ring_without_records_hands_its_number_on)
{
	struct ring *r = ring_create("test", 4096, 5), *next = ring_create("test", 4096, 5);
	struct handoff_fds fds = {0};
	json_t *saved = json_pack("{s:i}", "last", 7);

	assert_int_equal(ring_restore(r, saved, &fds), 0);
	json_decref(saved);
	saved = save(r, &fds);
	assert_int_equal(fds.count, 0);
	assert_int_equal(ring_restore(next, saved, &fds), 0);
	assert_int_equal(add(next, "x"), 0);
	assert_record(next, 8, "x");
	json_decref(saved);
	ring_destroy(r);
	ring_destroy(next);
}

/* The state of a ring with one record "abc", where one member is replaced, or the first bytes of its memory. */
static int restore_altered(const char *member, json_int_t value, const char *memory)
{
	struct ring *r = ring_create("test", 4096, 5), *next = ring_create("test", 4096, 5);
	struct handoff_fds fds = {0};
	json_t *saved;
	int err;

	assert_int_equal(add(r, "abc"), 0);
	saved = save(r, &fds);
	if (member)
		json_object_set_new(saved, member, json_integer(value));
	if (memory)
		assert_int_equal(pwrite(fds.fd[0], memory, 8, 0), 8);
	err = ring_restore(next, saved, &fds);
	/* Whatever it was, it can be used. */
	assert_int_equal(add(next, "next"), 0);
	assert_record(next, ring_last(next), "next");
	json_decref(saved);
	handoff_fds_finish(&fds, true);
	ring_destroy(r);
	ring_destroy(next);
	return err;
}

TEST(a_ring_that_is_not_what_it_was_is_left_and_its_number_goes_on)
{
	static const struct {
		const char *member;
		json_int_t value;
	} cases[] = {
		{"last", -1},  {"last", 0},  {"fd", 0},	     {"fd", 999},  {"fd", -1},
		{"most", 0},   {"most", -1}, {"most", 5000}, {"size", 0},  {"size", 8192},
		{"size", 100}, {"size", -1}, {"head", 4096}, {"head", -1}, {"head", 1},
		{"used", 8},   {"used", 6},  {"used", 5000}, {"used", -1}, {"count", 0},
		{"count", 2},  {"count", 6}, {"count", -1},
	};
	int not_sealed = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(restore_altered(NULL, 0, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (restore_altered(cases[i].member, cases[i].value, NULL) != -EBADMSG)
			fail_msg("%s %d was taken", cases[i].member, (int)cases[i].value);
	}
	assert_int_equal(ftruncate(not_sealed, 8192), 0);
	assert_int_equal(restore_altered("fd", not_sealed, NULL), -EBADMSG);
	assert_int_equal(restore_altered(NULL, 0, "\xff\xff\xff\xff\xff\xff\xff\xff"), -EBADMSG);
	assert_int_equal(restore_altered(NULL, 0, "\0\0\0\0\1\0\0\0"), -EBADMSG);
	close(not_sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_numbered_from_one_and_made_of_their_parts),
		cmocka_unit_test(
			the_oldest_make_room_by_their_bytes_and_each_record_stays_in_one_piece),
		cmocka_unit_test(the_oldest_make_room_by_their_number),
		cmocka_unit_test(a_record_may_fill_the_ring_but_not_more),
		cmocka_unit_test(the_next_image_has_the_same_records_and_the_next_number),
		cmocka_unit_test(a_ring_without_records_hands_its_number_on),
		cmocka_unit_test(a_ring_that_is_not_what_it_was_is_left_and_its_number_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
