/* Time limits over real sockets, and clients that leave. */
#include "tests/unit/http/harness.h"

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

TEST(a_head_that_takes_too_long_is_refused)
{
	struct fixture *f = *state;

	limits(f)->header_timeout_ms = 30;
	fixture_start(f);
	client_send(&f->client, "GET / HT");
	expect_refusal(f, 408);
}

TEST(an_idle_connection_is_closed_without_a_word)
{
	struct fixture *f = *state;

	limits(f)->keep_alive_timeout_ms = 30;
	fixture_start(f);
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
	fixture_start(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	/* The bytes are in the kernel when the timer fires: the loop did not run in between. */
	client_send(&f->client, GET);
	outlast(30);
	client_expect(&f->client, 200, "hello");
}

TEST(a_body_that_takes_too_long_is_refused)
{
	struct fixture *f = *state;

	limits(f)->body_timeout_ms = 30;
	f->server.handler = read_then_hello;
	fixture_start(f);
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
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
	WAIT_FOR(f->loop, f->server.held);
	outlast(30);
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
	fixture_start(f);
	client_pause(&f->client, true);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(f->server.refused_status, 408);
	client_pause(&f->client, false);
	WAIT_FOR(f->loop, f->client.eof);
	assert_true(f->client.reset);
}

TEST(a_client_that_leaves_aborts_its_request)
{
	struct fixture *f = *state;
	static const struct linger reset = {.l_onoff = 1};

	f->server.handler = hold;
	fixture_start(f);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	assert_int_equal(http_server_stats(f->server.http).active, 1);
	setsockopt(f->client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(f->server.access_status, 499);
	assert_int_equal(http_server_stats(f->server.http).active, 0);
	assert_int_equal(http_server_stats(f->server.http).connections, 0);
}

TEST(a_client_that_leaves_in_its_body_aborts_its_request)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	WAIT_FOR(f->loop, f->server.requests == 1);
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.aborts == 1);
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
	fixture_start(f);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_finish(&f->client);
	while (f->server.aborts == 0) {
		body_call_says_aborted(&f->server, f->server.held);
		turn(f->loop, "an abort");
	}
	assert_int_equal(f->server.aborts, 1);
}

TEST(a_client_that_only_stops_sending_gets_its_answer)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	fixture_start(f);
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

	fixture_start(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	client_finish(&f->client);
	WAIT_FOR(f->loop, http_server_stats(f->server.http).connections == 0);
	settle(f->loop);
	/* One watcher is left: the listener. */
	assert_int_equal(ev_pending_count(f->loop), 0);
	http_server_pause(f->server.http);
	bool idle = !ev_run(f->loop, EVRUN_NOWAIT);
	assert_true(idle);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_head_that_takes_too_long_is_refused),
		T(an_idle_connection_is_closed_without_a_word),
		T(a_request_that_arrives_with_the_time_limit_is_served),
		T(a_body_that_takes_too_long_is_refused),
		T(a_slow_host_is_not_blamed_on_the_client),
		T(a_client_that_does_not_read_is_cut_off),
		T(a_client_that_leaves_aborts_its_request),
		T(a_client_that_leaves_in_its_body_aborts_its_request),
		T(a_host_that_writes_to_a_client_that_left_is_told),
		T(a_client_that_only_stops_sending_gets_its_answer),
		T(a_unix_client_that_leaves_is_noticed_at_once),
		T(no_timer_runs_without_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
