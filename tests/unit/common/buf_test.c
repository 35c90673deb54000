/* The buffer grows up to its cap, and the reader never leaves its bytes. */
#include "common/buf.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

static void assert_content(const struct buf *b, const char *expected)
{
	assert_int_equal(buf_len(b), strlen(expected));
	assert_memory_equal(buf_data(b), expected, strlen(expected));
}

TEST(what_is_appended_is_read_in_order)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_add_str(&b, "hello"), 0);
	assert_int_equal(buf_add(&b, ", ", 2), 0);
	assert_int_equal(buf_printf(&b, "%s%d", "world", 7), 0);
	assert_content(&b, "hello, world7");
	buf_consume(&b, 7);
	assert_content(&b, "world7");
	buf_finish(&b);
}

TEST(a_fresh_buffer_allocates_nothing)
{
	struct buf b;

	buf_init(&b, 10);
	assert_null(buf_data(&b));
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_null(buf_data(&b));
	buf_finish(&b);
}

TEST(going_over_the_cap_fails_and_adds_nothing)
{
	struct buf b;

	buf_init(&b, 4);
	assert_int_equal(buf_add_str(&b, "abcd"), 0);
	assert_int_equal(buf_add_str(&b, "e"), -ENOBUFS);
	assert_int_equal(buf_printf(&b, "%d", 5), -ENOBUFS);
	assert_int_equal(buf_add_u32(&b, 1), -ENOBUFS);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOBUFS);
	assert_content(&b, "abcd");
	buf_consume(&b, 1);
	assert_int_equal(buf_add_str(&b, "e"), 0);
	assert_content(&b, "bcde");
	buf_finish(&b);
}

TEST(an_impossible_size_is_out_of_memory)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_add_str(&b, "abc"), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 3), -ENOMEM);
	assert_content(&b, "abc");
	buf_finish(&b);
}

TEST(text_longer_than_any_stack_buffer_is_printed_whole)
{
	char text[3000];
	struct buf b;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_printf(&b, "<%s>", text), 0);
	assert_int_equal(buf_len(&b), sizeof(text) + 1);
	assert_int_equal(buf_data(&b)[0], '<');
	assert_int_equal(buf_data(&b)[sizeof(text)], '>');
	buf_finish(&b);
}

TEST(a_stream_through_the_buffer_does_not_make_it_grow)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(buf_add_str(&b, "0123456789"), 0);
		if (i > 0)
			buf_consume(&b, 10);
	}
	assert_content(&b, "0123456789");
	assert_in_range(b.size, 10, 1024);
	buf_finish(&b);
}

TEST(trimming_keeps_the_data_and_frees_an_empty_buffer)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_add_str(&b, "abcdef"), 0);
	buf_consume(&b, 4);
	buf_trim(&b);
	assert_content(&b, "ef");
	assert_int_equal(b.size, 2);
	buf_consume(&b, 2);
	buf_trim(&b);
	assert_null(b.base);
	buf_finish(&b);
}

TEST(integers_come_back_as_they_were_written)
{
	static const unsigned char wire[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct reader r;
	struct buf b;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_add_u8(&b, 0x01), 0);
	assert_int_equal(buf_add_u16(&b, 0x0203), 0);
	assert_int_equal(buf_add_u32(&b, 0x04050607), 0);
	assert_int_equal(buf_add_u64(&b, 0x08090a0b0c0d0e0f), 0);
	assert_int_equal(buf_len(&b), sizeof(wire));
	assert_memory_equal(buf_data(&b), wire, sizeof(wire));

	reader_init(&r, buf_data(&b), buf_len(&b));
	assert_int_equal(reader_u8(&r, &u8), 0);
	assert_int_equal(reader_u16(&r, &u16), 0);
	assert_int_equal(reader_u32(&r, &u32), 0);
	assert_int_equal(reader_u64(&r, &u64), 0);
	assert_int_equal(u8, 0x01);
	assert_int_equal(u16, 0x0203);
	assert_int_equal(u32, 0x04050607);
	assert_int_equal(u64, 0x08090a0b0c0d0e0f);
	assert_int_equal(reader_left(&r), 0);
	buf_finish(&b);
}

TEST(reading_past_the_end_fails_and_leaves_the_value)
{
	struct reader r;
	uint32_t v = 42;
	uint8_t u8;
	const void *bytes = NULL;

	reader_init(&r, "abc", 3);
	assert_int_equal(reader_u32(&r, &v), -EBADMSG);
	assert_int_equal(v, 42);
	assert_int_equal(reader_bytes(&r, &bytes, 4), -EBADMSG);
	assert_null(bytes);
	assert_int_equal(reader_bytes(&r, &bytes, 3), 0);
	assert_memory_equal(bytes, "abc", 3);
	reader_init(&r, NULL, 0);
	assert_int_equal(reader_u8(&r, &u8), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_is_read_in_order),
		cmocka_unit_test(a_fresh_buffer_allocates_nothing),
		cmocka_unit_test(going_over_the_cap_fails_and_adds_nothing),
		cmocka_unit_test(an_impossible_size_is_out_of_memory),
		cmocka_unit_test(text_longer_than_any_stack_buffer_is_printed_whole),
		cmocka_unit_test(a_stream_through_the_buffer_does_not_make_it_grow),
		cmocka_unit_test(trimming_keeps_the_data_and_frees_an_empty_buffer),
		cmocka_unit_test(integers_come_back_as_they_were_written),
		cmocka_unit_test(reading_past_the_end_fails_and_leaves_the_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
