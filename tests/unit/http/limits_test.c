/* Limits and time limits over real sockets, and clients that leave. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

struct fixture {
	struct ev_loop *loop;
	struct server server;
	struct client client;
	struct reply reply;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	f->loop = ev_loop_new(EVFLAG_AUTO);
	server_init(&f->server, f->loop, say_hello);
	f->client.fd = -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->client.loop)
		client_finish(&f->client);
	server_finish(&f->server);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

/* Starts the server with the limits that the test has set, and connects. */
static void begin(struct fixture *f)
{
	server_start(&f->server);
	client_connect(&f->client, &f->server);
}

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

	begin(f);
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

	begin(f);
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
	begin(f);
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
	begin(f);
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
	begin(f);
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
	begin(f);
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
	begin(f);
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

TEST(a_head_that_takes_too_long_is_refused)
{
	struct fixture *f = *state;

	limits(f)->header_timeout_ms = 30;
	begin(f);
	client_send(&f->client, "GET / HT");
	expect_refusal(f, 408);
}

TEST(an_idle_connection_is_closed_without_a_word)
{
	struct fixture *f = *state;

	limits(f)->keep_alive_timeout_ms = 30;
	begin(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	client_expect_close(&f->client);
	assert_int_equal(f->server.refusals, 0);
	WAIT_FOR(f->loop, http_server_stats(f->server.http).connections == 0);
}

TEST(a_request_that_arrives_with_the_time_limit_is_served)
{
	struct fixture *f = *state;

	limits(f)->keep_alive_timeout_ms = 20;
	begin(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	/* The bytes are in the kernel when the timer fires: the loop did not run in between. */
	client_send(&f->client, GET);
	ev_sleep(0.05);
	client_expect(&f->client, 200, "hello");
}

TEST(a_body_that_takes_too_long_is_refused)
{
	struct fixture *f = *state;

	limits(f)->body_timeout_ms = 30;
	f->server.handler = read_then_hello;
	begin(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	expect_refusal(f, 408);
	assert_int_equal(f->server.aborts, 1);
}

TEST(a_slow_host_is_not_blamed_on_the_client)
{
	struct fixture *f = *state;

	limits(f)->body_timeout_ms = 20;
	limits(f)->keep_alive_timeout_ms = 20;
	limits(f)->header_timeout_ms = 20;
	f->server.handler = hold;
	begin(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
	WAIT_FOR(f->loop, f->server.held);
	ev_sleep(0.06);
	settle(f->loop);
	say_hello(&f->server, f->server.held);
	client_expect(&f->client, 200, "hello");
}

/* More than the kernel takes for a client that does not read. */
static void flood(struct server *s, struct http_request *req)
{
	static char block[8 * 1024 * 1024];

	s->held = req;
	assert_int_equal(http_response_start(req, 200), 0);
	assert_int_equal(http_response_body(req, block, sizeof(block)), 1);
	assert_int_equal(http_response_body(req, block, sizeof(block)), 1);
}

TEST(a_client_that_does_not_read_is_cut_off)
{
	struct fixture *f = *state;

	limits(f)->write_timeout_ms = 30;
	f->server.handler = flood;
	begin(f);
	client_pause(&f->client, true);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(f->server.refused_status, 408);
	client_pause(&f->client, false);
	WAIT_FOR(f->loop, f->client.eof);
	assert_true(f->client.reset);
}

TEST(connections_over_the_limit_wait_until_one_closes)
{
	struct fixture *f = *state;
	struct client second, third;

	limits(f)->connections_max = 2;
	begin(f);
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
	begin(f);
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

TEST(a_client_that_leaves_aborts_its_request)
{
	struct fixture *f = *state;
	static const struct linger reset = {.l_onoff = 1};

	f->server.handler = hold;
	begin(f);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	assert_int_equal(http_server_stats(f->server.http).active, 1);
	setsockopt(f->client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(f->server.access_status, 499);
	assert_int_equal(http_server_stats(f->server.http).active, 0);
	assert_int_equal(http_server_stats(f->server.http).connections, 0);
	client_connect(&f->client, &f->server);
}

TEST(a_client_that_leaves_in_its_body_aborts_its_request)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	begin(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	WAIT_FOR(f->loop, f->server.requests == 1);
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	client_connect(&f->client, &f->server);
}

static void body_call_says_aborted(struct server *s, struct http_request *req)
{
	int rc = 0;

	s->held = req;
	if (!http_response_started(req))
		assert_int_equal(http_response_start(req, 200), 0);
	for (int i = 0; i < 1000 && rc >= 0; i++)
		rc = http_response_body(req, "0123456789abcdef", 16) < 0 ? -1 : 0;
}

TEST(a_host_that_writes_to_a_client_that_left_is_told)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	begin(f);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_finish(&f->client);
	while (f->server.aborts == 0) {
		body_call_says_aborted(&f->server, f->server.held);
		turn(f->loop, "an abort");
	}
	assert_int_equal(f->server.aborts, 1);
	client_connect(&f->client, &f->server);
}

TEST(a_client_that_only_stops_sending_gets_its_answer)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	begin(f);
	client_send(&f->client, GET GET);
	WAIT_FOR(f->loop, f->server.held);
	shutdown(f->client.fd, SHUT_WR);
	settle(f->loop);
	assert_int_equal(f->server.aborts, 0);
	f->server.handler = say_hello;
	say_hello(&f->server, f->server.held);
	client_expect(&f->client, 200, "hello");
	client_expect(&f->client, 200, "hello");
	client_expect_close(&f->client);
}

TEST(a_unix_client_that_leaves_is_noticed_at_once)
{
	struct fixture *f = *state;
	struct server s;
	struct client c;

	server_init_unix(&s, f->loop, hold);
	server_start(&s);
	client_connect(&c, &s);
	client_send(&c, GET);
	WAIT_FOR(f->loop, s.held);
	client_finish(&c);
	settle(f->loop);
	assert_int_equal(s.aborts, 1);
	server_finish(&s);
}

TEST(no_timer_runs_without_a_connection)
{
	struct fixture *f = *state;

	begin(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	client_finish(&f->client);
	WAIT_FOR(f->loop, http_server_stats(f->server.http).connections == 0);
	f->client.loop = NULL;
	settle(f->loop);
	/* One watcher is left: the listener. */
	assert_int_equal(ev_pending_count(f->loop), 0);
	http_server_pause(f->server.http);
	bool idle = !ev_run(f->loop, EVRUN_NOWAIT);
	assert_true(idle);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		T(a_head_that_takes_too_long_is_refused),
		T(an_idle_connection_is_closed_without_a_word),
		T(a_request_that_arrives_with_the_time_limit_is_served),
		T(a_body_that_takes_too_long_is_refused),
		T(a_slow_host_is_not_blamed_on_the_client),
		T(a_client_that_does_not_read_is_cut_off),
		T(connections_over_the_limit_wait_until_one_closes),
		T(requests_over_the_concurrency_get_503_and_may_try_again),
		T(a_client_that_leaves_aborts_its_request),
		T(a_client_that_leaves_in_its_body_aborts_its_request),
		T(a_host_that_writes_to_a_client_that_left_is_told),
		T(a_client_that_only_stops_sending_gets_its_answer),
		T(a_unix_client_that_leaves_is_noticed_at_once),
		T(no_timer_runs_without_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
