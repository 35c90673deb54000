/* Limits over real sockets: what is refused, and that the client can read why. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static struct http_limits *limits(struct fixture *f)
{
	return &f->server.config.limits;
}

/* The request is refused with that status, the connection ends, the server is asked for the reason. */
static void expect_refusal(struct fixture *f, int status)
{
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, status);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	assert_int_equal(f->server.refused_status, status);
	assert_int_equal(f->server.refusals, 1);
	assert_non_null(strstr(f->reply.body, f->server.refused_why));
}

TEST(a_malformed_head_is_refused_with_its_status)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET /\r\n", 400},
		{"GET / HTTP/1.1\nHost: a\n\n", 400},
		{"\x16\x03\x01", 400},
		{"GET / HTTP/2.0\r\n", 505},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n", 501},
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n", 417},
	};
	struct fixture *f = *state;

	fixture_start(f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		client_finish(&f->client);
		client_connect(&f->client, &f->server);
		client_send(&f->client, GET);
		client_expect(&f->client, 200, "hello");
		f->server.refusals = 0;
		client_send(&f->client, rows[i].head);
		expect_refusal(f, rows[i].status);
	}
	assert_int_equal(f->server.requests, ARRAY_LEN(rows));
}

TEST(requests_before_a_malformed_one_are_answered_first)
{
	struct fixture *f = *state;

	fixture_start(f);
	client_send(&f->client, GET GET "nonsense\r\n\r\n" GET);
	client_expect(&f->client, 200, "hello");
	client_expect(&f->client, 200, "hello");
	expect_refusal(f, 400);
	assert_int_equal(f->server.requests, 2);
}

TEST(heads_over_the_limits_are_refused)
{
	struct fixture *f = *state;

	limits(f)->request_line_max = 100;
	limits(f)->head_max = 300;
	fixture_start(f);
	char line[200];
	memset(line, 'a', sizeof(line));
	client_send(&f->client, "GET /");
	client_send_bytes(&f->client, line, sizeof(line));
	expect_refusal(f, 414);

	client_finish(&f->client);
	client_connect(&f->client, &f->server);
	f->server.refusals = 0;
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	client_send_bytes(&f->client, line, sizeof(line));
	client_send(&f->client, "\r\nY: ");
	client_send_bytes(&f->client, line, sizeof(line));
	expect_refusal(f, 431);
}

TEST(a_body_that_is_announced_too_large_is_refused_before_it_is_sent)
{
	struct fixture *f = *state;

	limits(f)->body_max = 1000;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
				"Expect: 100-continue\r\n\r\n");
	expect_refusal(f, 413);
	assert_int_equal(f->server.requests, 0);
}

TEST(a_body_that_turns_out_too_large_is_refused)
{
	struct fixture *f = *state;

	limits(f)->body_max = 10;
	f->server.handler = read_then_hello;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
				"a\r\n0123456789\r\n");
	WAIT_FOR(f->loop, buf_len(&f->server.body) == 10);
	client_send(&f->client, "1\r\nx\r\n");
	expect_refusal(f, 413);
	assert_int_equal(f->server.aborts, 1);
}

TEST(a_malformed_chunk_is_refused)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	WAIT_FOR(f->loop, f->server.requests == 1);
	client_send(&f->client, "5\r\nhelloXX");
	expect_refusal(f, 400);
	assert_int_equal(f->server.aborts, 1);
}

TEST(a_client_that_goes_on_sending_reads_the_whole_refusal)
{
	struct fixture *f = *state;
	static char block[65536];
	size_t sent = 0;

	limits(f)->body_max = 1000;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n");
	/* Like a client that looks for the answer only after it has sent everything. */
	client_pause(&f->client, true);
	while (sent < 32 * 1024 * 1024) {
		client_send_bytes(&f->client, block, sizeof(block));
		sent += sizeof(block);
		ev_run(f->loop, EVRUN_NOWAIT);
	}
	client_pause(&f->client, false);
	expect_refusal(f, 413);
}

TEST(connections_over_the_limit_wait_until_one_closes)
{
	struct fixture *f = *state;
	struct client second, third;

	limits(f)->connections_max = 2;
	fixture_start(f);
	client_connect(&second, &f->server);
	client_connect(&third, &f->server);
	client_send(&third, GET);
	client_send(&second, GET);
	client_expect(&second, 200, "hello");
	settle(f->loop);
	assert_int_equal(http_server_stats(f->server.http).connections, 2);
	assert_int_equal(buf_len(&third.in), 0);
	client_finish(&second);
	client_expect(&third, 200, "hello");
	assert_int_equal(http_server_stats(f->server.http).accepted, 3);
	client_finish(&third);
}

TEST(requests_over_the_concurrency_get_503_and_may_try_again)
{
	struct fixture *f = *state;
	struct client second;

	limits(f)->concurrency = 1;
	f->server.handler = hold;
	fixture_start(f);
	client_connect(&second, &f->server);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_send(&second, GET);
	client_expect(&second, 503, NULL);
	assert_int_equal(f->server.refused_status, 503);
	assert_int_equal(http_server_stats(f->server.http).active, 1);
	say_hello(&f->server, f->server.held);
	client_expect(&f->client, 200, "hello");
	f->server.handler = say_hello;
	client_send(&second, GET);
	client_expect(&second, 200, "hello");
	assert_int_equal(http_server_stats(f->server.http).requests, 3);
	client_finish(&second);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_malformed_head_is_refused_with_its_status),
		T(requests_before_a_malformed_one_are_answered_first),
		T(heads_over_the_limits_are_refused),
		T(a_body_that_is_announced_too_large_is_refused_before_it_is_sent),
		T(a_body_that_turns_out_too_large_is_refused),
		T(a_malformed_chunk_is_refused),
		T(a_client_that_goes_on_sending_reads_the_whole_refusal),
		T(connections_over_the_limit_wait_until_one_closes),
		T(requests_over_the_concurrency_get_503_and_may_try_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
