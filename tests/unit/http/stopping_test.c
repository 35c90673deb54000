/* Pausing, and draining without a successor. */
#include "tests/unit/http/harness.h"

#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

TEST(a_paused_server_accepts_and_begins_nothing_until_it_is_resumed)
{
	struct fixture *f = *state;
	struct client fresh;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_pause(f->server.http);
	client_connect(&fresh, &f->server);
	client_send(&fresh, GET);
	client_send(&f->client, GET);
	settle(f->loop);
	assert_int_equal(f->server.requests, 1);
	assert_int_equal(http_server_stats(f->server.http).accepted, 1);
	http_server_resume(f->server.http);
	client_expect(&f->client, 200, "hello");
	client_expect(&fresh, 200, "hello");
	client_finish(&fresh);
}

TEST(a_paused_server_finishes_what_is_in_flight)
{
	struct fixture *f = *state;

	f->server.handler = read_then_hello;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
	WAIT_FOR(f->loop, f->server.requests == 1);
	http_server_pause(f->server.http);
	client_send(&f->client, "abc" GET);
	client_expect(&f->client, 200, "hello");
	settle(f->loop);
	assert_int_equal(f->server.requests, 1);
	http_server_resume(f->server.http);
	client_expect(&f->client, 200, "hello");
}

TEST(the_time_limits_stand_still_while_paused)
{
	struct fixture *f = *state;
	struct server s;
	struct client c;

	server_init(&s, f->loop, say_hello);
	s.config.limits.keep_alive_timeout_ms = 20;
	s.config.limits.header_timeout_ms = 20;
	server_start(&s);
	client_connect(&c, &s);
	client_send(&c, GET "GET / ");
	client_expect(&c, 200, "hello");
	http_server_pause(s.http);
	outlast(30);
	settle(f->loop);
	assert_false(c.eof);
	assert_int_equal(s.refusals, 0);
	client_send(&c, "HTTP/1.1\r\nHost: a\r\n\r\n");
	http_server_resume(s.http);
	client_expect(&c, 200, "hello");
	client_finish(&c);
	server_finish(&s);
}

TEST(without_a_successor_the_response_in_flight_says_close)
{
	struct fixture *f = *state;
	struct client idle, fresh;

	client_connect(&idle, &f->server);
	client_connect(&fresh, &f->server);
	client_send(&idle, GET);
	client_expect(&idle, 200, "hello");
	WAIT_FOR(f->loop, http_server_stats(f->server.http).accepted == 3);
	f->server.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	http_server_drain(f->server.http);
	client_expect_close(&idle);
	/* Accepted, but its request is still on its way: it is waited for. */
	f->server.handler = say_hello;
	client_send(&fresh, GET);
	client_reply(&fresh, &f->reply, false);
	assert_true(reply_has(&f->reply, "Connection: close"));
	say_hello(&f->server, f->server.held);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	client_finish(&f->client);
	client_finish(&idle);
	client_finish(&fresh);
	WAIT_FOR(f->loop, f->server.drained == 1);
}

TEST(a_request_that_reached_the_kernel_before_the_drain_is_served)
{
	struct fixture *f = *state;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	client_send(&f->client, GET); /* the loop has not seen it yet */
	http_server_drain(f->server.http);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.drained == 1);
}

TEST(a_server_without_connections_has_drained_at_the_next_turn)
{
	struct fixture *f = *state;
	struct server empty;

	server_init(&empty, f->loop, say_hello);
	server_start(&empty);
	http_server_drain(empty.http);
	assert_int_equal(empty.drained, 0);
	WAIT_FOR(f->loop, empty.drained == 1);
	assert_null(empty.http);
	server_finish(&empty);
}

TEST(destroying_a_server_aborts_what_is_in_flight)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	http_server_destroy(f->server.http);
	f->server.http = NULL;
	assert_int_equal(f->server.aborts, 1);
	WAIT_FOR(f->loop, f->client.eof);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup_started, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_paused_server_accepts_and_begins_nothing_until_it_is_resumed),
		T(a_paused_server_finishes_what_is_in_flight),
		T(the_time_limits_stand_still_while_paused),
		T(without_a_successor_the_response_in_flight_says_close),
		T(a_request_that_reached_the_kernel_before_the_drain_is_served),
		T(a_server_without_connections_has_drained_at_the_next_turn),
		T(destroying_a_server_aborts_what_is_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
