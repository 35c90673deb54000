/* Request bodies over real sockets: both framings, Expect, what is left unread. */
#include "tests/unit/http/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(bodies_of_both_framings_reach_the_host)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello ");
	settle(f->loop);
	client_send(&f->client, "world");
	client_expect(&f->client, 200, "hello");
	assert_int_equal(buf_len(&f->server.body), 11);
	assert_memory_equal(buf_data(&f->server.body), "hello world", 11);

	client_send(&f->client,
		    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhel");
	settle(f->loop);
	client_send(&f->client, "lo \r\n5\r\nworld\r");
	settle(f->loop);
	client_send(&f->client, "\n0\r\nX-Checksum: 1\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	assert_int_equal(buf_len(&f->server.body), 11);
	assert_memory_equal(buf_data(&f->server.body), "hello world", 11);
}

TEST(a_large_body_goes_through_at_constant_memory)
{
	struct fixture *f = *state;
	static char block[100000];
	char head[128];
	size_t total = 0;

	f->server.handler = echo;
	snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
		 sizeof(block) * 50);
	client_send(&f->client, head);
	for (int i = 0; i < 50; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		client_send_bytes(&f->client, block, sizeof(block));
		total += sizeof(block);
	}
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(f->reply.chunked);
	assert_int_equal(f->reply.body_len, total);
}

TEST(a_body_that_nobody_reads_is_skipped_for_the_next_request)
{
	struct fixture *f = *state;

	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	char *body = calloc(1, 2000);
	assert_non_null(body);
	client_send_bytes(&f->client, body, 2000);
	free(body);
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	assert_int_equal(http_server_stats(f->server.http).accepted, 1);
}

TEST(a_client_that_waits_is_told_to_go_on_when_the_host_reads)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
				"Content-Length: 4\r\n\r\n");
	WAIT_FOR(f->loop, f->server.held);
	settle(f->loop);
	assert_int_equal(buf_len(&f->client.in), 0);
	read_then_hello(&f->server, f->server.held);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 100);
	settle(f->loop);
	assert_int_equal(buf_len(&f->client.in), 0);
	client_send(&f->client, "body");
	client_expect(&f->client, 200, "hello");
	f->server.handler = say_hello;
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "hello");
}

TEST(a_client_that_waits_gets_no_100_when_the_host_does_not_read)
{
	struct fixture *f = *state;

	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
				"Content-Length: 4\r\n\r\n");
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	/* Whether the body will come is not known, so no request can follow. */
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
}

TEST(a_client_that_does_not_wait_gets_no_100)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
				"Content-Length: 4\r\n\r\nbody");
	client_expect(&f->client, 200, "hello");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup_started, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bodies_of_both_framings_reach_the_host),
		T(a_large_body_goes_through_at_constant_memory),
		T(a_body_that_nobody_reads_is_skipped_for_the_next_request),
		T(a_client_that_waits_is_told_to_go_on_when_the_host_reads),
		T(a_client_that_waits_gets_no_100_when_the_host_does_not_read),
		T(a_client_that_does_not_wait_gets_no_100),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
