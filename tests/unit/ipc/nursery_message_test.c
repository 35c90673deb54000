/* What the nursery, its workers and the master tell each other: round trips, long lists, cut bytes. */
#include "daemon/ipc/nursery_message.h"

#include "daemon/ipc/channel.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes bodies as they are sent, and puts their texts together again. */
struct sink {
	struct buf texts;
	size_t bodies, longest;
	bool more;     /* of the last one */
	uint8_t flags; /* the others of the last one */
	int refuse;    /* what to answer */
};

static int sink_take(void *arg, const void *body, size_t len)
{
	struct sink *s = arg;
	const void *texts;
	size_t texts_len;
	uint8_t flags;

	if (s->refuse)
		return s->refuse;
	assert_int_equal(texts_receive(body, len, &flags, &texts, &texts_len), 0);
	assert_true(s->bodies == 0 || s->more);
	s->bodies++;
	s->more = flags & MODULES_MORE;
	s->flags = (uint8_t)(flags & ~MODULES_MORE);
	s->longest = len > s->longest ? len : s->longest;
	return texts_len ? buf_add(&s->texts, texts, texts_len) : 0;
}

static int setup(void **state)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	buf_init(&s->texts, SIZE_MAX);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct sink *s = *state;

	buf_finish(&s->texts);
	free(s);
	return 0;
}

TEST(an_empty_list_is_one_message)
{
	struct sink *s = *state;

	assert_int_equal(texts_send(NULL, 0, MODULES_WHOLE, sink_take, s), 0);
	assert_int_equal(s->bodies, 1);
	assert_int_equal(s->flags, MODULES_WHOLE);
	assert_false(s->more);
	assert_int_equal(buf_len(&s->texts), 0);
}

TEST(a_long_list_is_told_in_several_messages_and_comes_out_whole)
{
	struct sink *s = *state;
	struct buf texts;

	buf_init(&texts, SIZE_MAX);
	for (int i = 0; i < 20000; i++) {
		char name[40];
		int len = snprintf(name, sizeof(name), "ipackage.module_%d", i);

		assert_int_equal(texts_add(&texts, name, (size_t)len), 0);
	}
	assert_int_equal(texts_send(buf_data(&texts), buf_len(&texts), 0, sink_take, s), 0);
	assert_true(s->bodies > 3);
	assert_false(s->more);
	assert_true(s->longest <= CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN);
	assert_int_equal(buf_len(&s->texts), buf_len(&texts));
	assert_memory_equal(buf_data(&s->texts), buf_data(&texts), buf_len(&texts));
	buf_finish(&texts);
}

TEST(a_text_may_fill_a_message_and_no_more)
{
	size_t max = CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN - 1 - sizeof(uint32_t);
	char *text = calloc(1, max + 1);
	struct sink *s = *state;
	struct buf texts;

	buf_init(&texts, SIZE_MAX);
	assert_int_equal(texts_add(&texts, "ia", 2), 0);
	assert_int_equal(texts_add(&texts, text, max), 0);
	assert_int_equal(texts_send(buf_data(&texts), buf_len(&texts), 0, sink_take, s), 0);
	assert_int_equal(s->bodies, 2);
	s->bodies = 0;
	assert_int_equal(texts_add(&texts, text, max + 1), 0);
	assert_int_equal(texts_send(buf_data(&texts), buf_len(&texts), 0, sink_take, s), -EMSGSIZE);
	buf_finish(&texts);
	free(text);
}

TEST(whoever_sends_says_why_it_failed)
{
	struct sink *s = *state;

	s->refuse = -EAGAIN;
	assert_int_equal(texts_send(NULL, 0, 0, sink_take, s), -EAGAIN);
}

TEST(a_list_that_was_cut_is_no_list)
{
	struct buf body;
	const void *texts;
	size_t len;
	uint8_t flags;

	buf_init(&body, SIZE_MAX);
	assert_int_equal(texts_receive("", 0, &flags, &texts, &len), -EBADMSG);
	assert_int_equal(buf_add_u8(&body, 0), 0);
	assert_int_equal(texts_add(&body, "iabc", 4), 0);
	assert_int_equal(texts_receive(buf_data(&body), buf_len(&body), &flags, &texts, &len), 0);
	for (size_t cut = 2; cut < buf_len(&body); cut++)
		assert_int_equal(texts_receive(buf_data(&body), cut, &flags, &texts, &len),
				 -EBADMSG);
	buf_finish(&body);
}

TEST(a_spawn_and_its_refusal_survive_the_trip_and_their_end_may_grow)
{
	struct nursery_spawn spawn = {.token = 1ULL << 40, .master = 4711}, got;
	uint64_t token;
	struct buf b;
	char *why;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(nursery_spawn_encode(&spawn, &b), 0);
	assert_int_equal(nursery_spawn_decode(buf_data(&b), buf_len(&b) - 1, &got), -EBADMSG);
	assert_int_equal(buf_add_u8(&b, 1), 0);
	assert_int_equal(nursery_spawn_decode(buf_data(&b), buf_len(&b), &got), 0);
	assert_true(got.token == spawn.token && got.master == spawn.master);
	buf_consume(&b, buf_len(&b));
	assert_int_equal(nursery_refused_encode(7, "x.py has changed", &b), 0);
	assert_int_equal(nursery_refused_decode(buf_data(&b), buf_len(&b), &token, &why), 0);
	assert_true(token == 7);
	assert_string_equal(why, "x.py has changed");
	free(why);
	assert_int_equal(nursery_refused_decode(buf_data(&b), buf_len(&b) - 1, &token, &why),
			 -EBADMSG);
	buf_finish(&b);
}

TEST(a_reason_comes_before_the_names)
{
	struct reader rest;
	const char *name;
	struct buf b;
	size_t len;
	char *why;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(texts_add(&b, "it starts a thread", 18), 0);
	assert_int_equal(texts_add(&b, "grpc", 4), 0);
	assert_int_equal(nursery_why_decode(buf_data(&b), buf_len(&b), &why, &rest), 0);
	assert_string_equal(why, "it starts a thread");
	assert_int_equal(texts_next(&rest, &name, &len), 1);
	assert_memory_equal(name, "grpc", 4);
	assert_int_equal(texts_next(&rest, &name, &len), 0);
	free(why);
	assert_int_equal(nursery_why_decode("", 0, &why, &rest), -EBADMSG);
	assert_int_equal(nursery_why_decode("\0\0\0\1\0", 5, &why, &rest), -EBADMSG);
	buf_finish(&b);
}

TEST(a_number_survives_the_trip)
{
	uint32_t number = 0;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(nursery_number_encode(600, &b), 0);
	assert_int_equal(nursery_number_decode(buf_data(&b), buf_len(&b), &number), 0);
	assert_int_equal(number, 600);
	assert_int_equal(nursery_number_decode(buf_data(&b), 3, &number), -EBADMSG);
	buf_finish(&b);
}

#define WITH_SINK(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SINK(an_empty_list_is_one_message),
		WITH_SINK(a_long_list_is_told_in_several_messages_and_comes_out_whole),
		WITH_SINK(a_text_may_fill_a_message_and_no_more),
		WITH_SINK(whoever_sends_says_why_it_failed),
		WITH_SINK(a_list_that_was_cut_is_no_list),
		WITH_SINK(a_spawn_and_its_refusal_survive_the_trip_and_their_end_may_grow),
		WITH_SINK(a_reason_comes_before_the_names),
		WITH_SINK(a_number_survives_the_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
