/* The SP codec: bytes as nng puts them on the wire, and bytes that nobody should send. */
#include "common/sp.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

static const unsigned char req_hello[SP_HELLO_LEN] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

/* A request with id 0x80000001 and the body "hi", as nng 1.5.2 sends it. */
static const unsigned char request[] = {
	1, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 1, 'h', 'i',
};

TEST(the_hello_is_the_eight_bytes_of_the_mapping)
{
	unsigned char hello[SP_HELLO_LEN];

	sp_hello_encode(SP_REQ, hello);
	assert_memory_equal(hello, req_hello, sizeof(hello));
}

TEST(only_the_matching_protocol_is_a_peer)
{
	static const enum sp_proto all[] = {SP_PUB, SP_SUB, SP_REQ, SP_REP};
	static const enum sp_proto peers[] = {SP_SUB, SP_PUB, SP_REP, SP_REQ};
	unsigned char hello[SP_HELLO_LEN];

	for (size_t self = 0; self < ARRAY_LEN(all); self++)
		for (size_t other = 0; other < ARRAY_LEN(all); other++) {
			sp_hello_encode(all[other], hello);
			assert_int_equal(sp_hello_check(all[self], hello),
					 all[other] == peers[self] ? 0 : -EPROTO);
		}
}

TEST(a_hello_with_any_wrong_bit_is_refused)
{
	for (size_t bit = 0; bit < SP_HELLO_LEN * 8; bit++) {
		unsigned char hello[SP_HELLO_LEN];

		memcpy(hello, req_hello, sizeof(hello));
		hello[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		assert_int_equal(sp_hello_check(SP_REP, hello), -EPROTO);
	}
}

TEST(a_request_is_found_once_all_of_it_is_there)
{
	struct sp_message m;

	for (size_t len = 0; len < sizeof(request); len++)
		assert_int_equal(sp_message_next(request, len, SP_REP, 100, &m), 0);
	assert_int_equal(sp_message_next(request, sizeof(request), SP_REP, 100, &m), 1);
	assert_int_equal(m.id, 0x80000001);
	assert_int_equal(m.body_len, 2);
	assert_memory_equal(m.body, "hi", 2);
	assert_int_equal(m.total, sizeof(request));
}

TEST(a_reply_is_written_as_a_request_is_read)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(sp_message_add(&b, SP_REP, 0x80000001, "hi", 2), 0);
	assert_int_equal(buf_len(&b), sizeof(request));
	assert_memory_equal(buf_data(&b), request, sizeof(request));
	buf_finish(&b);
}

TEST(published_messages_have_no_id)
{
	struct sp_message m;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(sp_message_add(&b, SP_PUB, 7, "one", 3), 0);
	assert_int_equal(sp_message_add(&b, SP_PUB, 7, "", 0), 0);
	assert_int_equal(sp_message_next(buf_data(&b), buf_len(&b), SP_SUB, 100, &m), 1);
	assert_int_equal(m.body_len, 3);
	assert_memory_equal(m.body, "one", 3);
	buf_consume(&b, m.total);
	assert_int_equal(sp_message_next(buf_data(&b), buf_len(&b), SP_SUB, 100, &m), 1);
	assert_int_equal(m.body_len, 0);
	buf_consume(&b, m.total);
	assert_int_equal(buf_len(&b), 0);
	buf_finish(&b);
}

TEST(a_length_over_the_maximum_is_refused_before_the_payload_comes)
{
	static const unsigned char huge[] = {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct sp_message m;

	assert_int_equal(sp_message_next(huge, sizeof(huge), SP_REP, 1 << 20, &m), -EMSGSIZE);
	assert_int_equal(sp_message_next(request, 9, SP_REP, 5, &m), -EMSGSIZE);
	assert_int_equal(sp_message_next(request, sizeof(request), SP_REP, 6, &m), 1);
}

TEST(other_protocols_are_refused_at_their_first_byte)
{
	static const unsigned char short_id[] = {1, 0, 0, 0, 0, 0, 0, 0, 3, 0x80, 0, 0};
	static const unsigned char hop[] = {1, 0, 0, 0, 0, 0, 0, 0, 4, 0x00, 0, 0, 1};
	struct sp_message m;

	assert_int_equal(sp_message_next("GET / HTTP/1.1", 1, SP_REP, 100, &m), -EPROTO);
	assert_int_equal(sp_message_next(short_id, sizeof(short_id), SP_REP, 100, &m), -EPROTO);
	assert_int_equal(sp_message_next(hop, sizeof(hop), SP_REP, 100, &m), -EPROTO);
}

TEST(a_message_over_the_cap_of_the_buffer_leaves_it_as_it_was)
{
	struct buf b;

	buf_init(&b, 14);
	assert_int_equal(sp_message_add(&b, SP_REP, 1, "hi", 2), -ENOBUFS);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(sp_message_add(&b, SP_PUB, 1, "hi", SIZE_MAX), -ENOBUFS);
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hello_is_the_eight_bytes_of_the_mapping),
		cmocka_unit_test(only_the_matching_protocol_is_a_peer),
		cmocka_unit_test(a_hello_with_any_wrong_bit_is_refused),
		cmocka_unit_test(a_request_is_found_once_all_of_it_is_there),
		cmocka_unit_test(a_reply_is_written_as_a_request_is_read),
		cmocka_unit_test(published_messages_have_no_id),
		cmocka_unit_test(a_length_over_the_maximum_is_refused_before_the_payload_comes),
		cmocka_unit_test(other_protocols_are_refused_at_their_first_byte),
		cmocka_unit_test(a_message_over_the_cap_of_the_buffer_leaves_it_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
