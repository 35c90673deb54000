/* The bodies of the channel's messages: round trips, cuts at every byte, growth at the end. */
#include "daemon/ipc/channel.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct buf *new_buf(void **state)
{
	buf_init(*state, SIZE_MAX);
	return *state;
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct buf));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	buf_finish(*state);
	free(*state);
	return 0;
}

static const struct worker_error sample = {
	.stage = (char *)"import",
	.message = (char *)"SyntaxError: invalid syntax",
	.file = (char *)"/srv/main.py",
	.detail = (char *)"Traceback\n  File …\n",
	.line = 7,
};

TEST(a_worker_error_survives_the_trip)
{
	struct buf *b = new_buf(state);
	struct worker_error e;

	assert_int_equal(worker_error_encode(&sample, b), 0);
	assert_int_equal(worker_error_decode(buf_data(b), buf_len(b), &e), 0);
	assert_string_equal(e.stage, sample.stage);
	assert_string_equal(e.message, sample.message);
	assert_string_equal(e.file, sample.file);
	assert_string_equal(e.detail, sample.detail);
	assert_int_equal(e.line, 7);
	worker_error_finish(&e);
	assert_null(e.stage);
}

TEST(absent_and_empty_strings_stay_apart)
{
	struct buf *b = new_buf(state);
	struct worker_error e = {.message = (char *)""};

	assert_int_equal(worker_error_encode(&e, b), 0);
	assert_int_equal(worker_error_decode(buf_data(b), buf_len(b), &e), 0);
	assert_null(e.stage);
	assert_string_equal(e.message, "");
	worker_error_finish(&e);
}

TEST(a_cut_worker_error_is_refused_at_every_byte)
{
	struct buf *b = new_buf(state);
	struct worker_error e = {.line = 1234};

	assert_int_equal(worker_error_encode(&sample, b), 0);
	for (size_t len = 0; len < buf_len(b); len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, buf_data(b), len);
		assert_int_equal(worker_error_decode(copy, len, &e), -EBADMSG);
		assert_int_equal(e.line, 1234);
		free(copy);
	}
}

TEST(what_a_newer_build_appends_is_ignored)
{
	struct buf *b = new_buf(state);
	struct worker_error e;
	struct worker_stats s, sent = {1, 2, 3, 4};

	assert_int_equal(worker_error_encode(&sample, b), 0);
	assert_int_equal(buf_add_str(b, "more"), 0);
	assert_int_equal(worker_error_decode(buf_data(b), buf_len(b), &e), 0);
	assert_int_equal(e.line, 7);
	worker_error_finish(&e);

	buf_consume(b, buf_len(b));
	assert_int_equal(worker_stats_encode(&sent, b), 0);
	assert_int_equal(buf_add_str(b, "more"), 0);
	assert_int_equal(worker_stats_decode(buf_data(b), buf_len(b), &s), 0);
	assert_int_equal(s.active, 4);
}

TEST(a_string_with_a_nul_inside_is_refused)
{
	struct buf *b = new_buf(state);
	struct worker_error e;

	assert_int_equal(worker_error_encode(&sample, b), 0);
	buf_data(b)[5] = '\0';
	assert_int_equal(worker_error_decode(buf_data(b), buf_len(b), &e), -EBADMSG);
}

/* n bytes of "é", which is two bytes a character, after one byte of padding. */
static char *long_text(size_t n)
{
	char *s = malloc(n + 1);

	assert_non_null(s);
	s[0] = 'x';
	for (size_t i = 1; i < n; i++)
		s[i] = i % 2 ? '\xc3' : '\xa9';
	s[n] = '\0';
	return s;
}

TEST(too_long_an_error_keeps_the_end_of_the_detail_and_whole_characters)
{
	struct buf *b = new_buf(state);
	struct worker_error e = {.message = long_text(100001), .detail = long_text(200001)}, got;

	assert_int_equal(worker_error_encode(&e, b), 0);
	assert_true(buf_len(b) <= CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN);
	assert_int_equal(worker_error_decode(buf_data(b), buf_len(b), &got), 0);
	assert_int_equal(strlen(got.message), 4095);
	assert_memory_equal(got.message, e.message, 4095);
	assert_int_equal(strlen(got.detail), WORKER_ERROR_DETAIL_MAX);
	assert_string_equal(got.detail, e.detail + 200001 - WORKER_ERROR_DETAIL_MAX);
	worker_error_finish(&got);

	e.detail[200000] = '\0'; /* now the cut would fall into a character */
	assert_int_equal(strlen(worker_error_detail_tail(e.detail)), WORKER_ERROR_DETAIL_MAX - 1);
	assert_int_equal((unsigned char)worker_error_detail_tail(e.detail)[0], 0xc3);
	worker_error_finish(&e);
}

TEST(stats_survive_the_trip_and_are_refused_when_cut)
{
	struct buf *b = new_buf(state);
	struct worker_stats s = {UINT64_MAX, 5, UINT32_MAX, 3}, got = {0};

	assert_int_equal(worker_stats_encode(&s, b), 0);
	for (size_t len = 0; len < buf_len(b); len++)
		assert_int_equal(worker_stats_decode(buf_data(b), len, &got), -EBADMSG);
	assert_int_equal(worker_stats_decode(buf_data(b), buf_len(b), &got), 0);
	assert_true(got.requests == UINT64_MAX && got.accepted == 5);
	assert_true(got.connections == UINT32_MAX && got.active == 3);
}

TEST(a_connection_travels_with_its_pending_bytes)
{
	struct buf *b = new_buf(state);
	struct conn_record c = {"GET / HT\0P", 10, 2, 9, "[::1]:5312"}, got;

	assert_int_equal(conn_record_encode(&c, b), 0);
	for (size_t len = 0; len < buf_len(b); len++)
		assert_int_equal(conn_record_decode(buf_data(b), len, &got), -EBADMSG);
	assert_int_equal(conn_record_decode(buf_data(b), buf_len(b), &got), 0);
	assert_int_equal(got.pending_len, 10);
	assert_memory_equal(got.pending, c.pending, 10);
	assert_int_equal(got.listener, 2);
	assert_int_equal(got.requests, 9);
	assert_string_equal(got.peer, "[::1]:5312");
}

TEST(an_overlong_peer_or_one_with_a_nul_is_refused)
{
	struct buf *b = new_buf(state);
	struct conn_record c = {.peer = "127.0.0.1:1"}, got;

	assert_int_equal(conn_record_encode(&c, b), 0);
	buf_data(b)[12] = '\0';
	assert_int_equal(conn_record_decode(buf_data(b), buf_len(b), &got), -EBADMSG);

	buf_consume(b, buf_len(b));
	for (int word = 0; word < 3; word++)
		assert_int_equal(buf_add_u32(b, sizeof(c.peer)), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(buf_add_u8(b, 'a'), 0);
	assert_int_equal(conn_record_decode(buf_data(b), buf_len(b), &got), -EBADMSG);
}

TEST(more_pending_bytes_than_a_message_holds_are_refused)
{
	struct buf *b = new_buf(state);
	char *pending = calloc(1, CONN_PENDING_MAX + 1);
	struct conn_record c = {.pending = pending, .pending_len = CONN_PENDING_MAX + 1};

	assert_int_equal(conn_record_encode(&c, b), -EMSGSIZE);
	c.pending_len = CONN_PENDING_MAX;
	memset(c.peer, 'p', sizeof(c.peer) - 1);
	assert_int_equal(conn_record_encode(&c, b), 0);
	assert_true(buf_len(b) <= CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN);
	free(pending);
}

#define WITH_SETUP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_worker_error_survives_the_trip),
		WITH_SETUP(absent_and_empty_strings_stay_apart),
		WITH_SETUP(a_cut_worker_error_is_refused_at_every_byte),
		WITH_SETUP(what_a_newer_build_appends_is_ignored),
		WITH_SETUP(a_string_with_a_nul_inside_is_refused),
		WITH_SETUP(too_long_an_error_keeps_the_end_of_the_detail_and_whole_characters),
		WITH_SETUP(stats_survive_the_trip_and_are_refused_when_cut),
		WITH_SETUP(a_connection_travels_with_its_pending_bytes),
		WITH_SETUP(an_overlong_peer_or_one_with_a_nul_is_refused),
		WITH_SETUP(more_pending_bytes_than_a_message_holds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
