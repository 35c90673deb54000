/* The hand-over frame: what was put in comes out, and nothing damaged is believed. */
#include "daemon/master/handoff.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void make_state(struct buf *out)
{
	struct handoff h = {.count = 3};

	h.sections[0] = (struct handoff_section){"master", "{\"a\":1}", 7};
	h.sections[1] = (struct handoff_section){"watcher", "\0\1\2", 3};
	h.sections[2] = (struct handoff_section){"events", "", 0};
	buf_init(out, SIZE_MAX);
	assert_int_equal(handoff_encode(&h, out), 0);
}

TEST(sections_come_back_as_they_were)
{
	const struct handoff_section *s;
	struct handoff h;
	struct buf b;

	make_state(&b);
	assert_int_equal(handoff_decode(buf_data(&b), buf_len(&b), &h), 0);
	assert_int_equal(h.count, 3);
	s = handoff_find(&h, "watcher");
	assert_non_null(s);
	assert_int_equal(s->len, 3);
	assert_memory_equal(s->data, "\0\1\2", 3);
	assert_int_equal(handoff_find(&h, "events")->len, 0);
	assert_null(handoff_find(&h, "admin"));
	buf_finish(&b);
}

TEST(a_state_cut_anywhere_is_refused)
{
	struct handoff h;
	struct buf b;

	make_state(&b);
	for (size_t len = 0; len < buf_len(&b); len++)
		assert_int_equal(handoff_decode(buf_data(&b), len, &h), -EBADMSG);
	buf_finish(&b);
}

TEST(a_flipped_bit_anywhere_is_noticed)
{
	struct handoff h;
	struct buf b;

	make_state(&b);
	for (size_t i = 0; i < buf_len(&b); i++) {
		/* The writer's own format number is information; the least reader decides. */
		if (i >= 8 && i < 12)
			continue;
		buf_data(&b)[i] ^= 0x10;
		assert_int_not_equal(handoff_decode(buf_data(&b), buf_len(&b), &h), 0);
		assert_int_equal(h.count, 0);
		buf_data(&b)[i] ^= 0x10;
	}
	buf_finish(&b);
}

TEST(a_state_for_newer_readers_only_is_told_apart_from_damage)
{
	struct handoff h;
	struct buf b;

	make_state(&b);
	buf_data(&b)[15] = 99;
	assert_int_equal(handoff_decode(buf_data(&b), buf_len(&b), &h), -EPROTONOSUPPORT);
	buf_finish(&b);
}

TEST(a_section_of_another_build_is_passed_over)
{
	struct handoff h = {.count = 2}, read;
	struct buf b;

	h.sections[0] = (struct handoff_section){"of-the-future", "?", 1};
	h.sections[1] = (struct handoff_section){"master", "{}", 2};
	buf_init(&b, SIZE_MAX);
	assert_int_equal(handoff_encode(&h, &b), 0);
	assert_int_equal(handoff_decode(buf_data(&b), buf_len(&b), &read), 0);
	assert_int_equal(read.count, 1);
	assert_non_null(handoff_find(&read, "master"));
	buf_finish(&b);
}

TEST(a_descriptor_is_claimed_once_and_the_rest_is_closed)
{
	struct handoff_fds fds = {0};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(handoff_fds_add(&fds, ends[0]), 0);
	assert_int_equal(handoff_fds_add(&fds, ends[1]), 0);
	assert_int_equal(handoff_fds_claim(&fds, ends[0]), 0);
	assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(handoff_fds_claim(&fds, ends[0]), -ENOENT);
	handoff_fds_finish(&fds, true);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_back_as_they_were),
		cmocka_unit_test(a_state_cut_anywhere_is_refused),
		cmocka_unit_test(a_flipped_bit_anywhere_is_noticed),
		cmocka_unit_test(a_state_for_newer_readers_only_is_told_apart_from_damage),
		cmocka_unit_test(a_section_of_another_build_is_passed_over),
		cmocka_unit_test(a_descriptor_is_claimed_once_and_the_rest_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
