/* Requests over real sockets: keep-alive, pipelining, bodies, what the host is told. */
#include "tests/unit/http/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(one_connection_serves_many_requests)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++) {
		client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		client_expect(&f->client, 200, "hello");
	}
	struct http_server_stats stats = http_server_stats(f->server.http);
	assert_int_equal(stats.accepted, 1);
	assert_int_equal(stats.requests, 5);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.active, 0);
}

TEST(a_request_may_arrive_byte_by_byte)
{
	struct fixture *f = *state;
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		client_send_bytes(&f->client, &request[i], 1);
		settle(f->loop);
	}
	client_expect(&f->client, 200, "hello");
}

static void say_target(struct server *s, struct http_request *req)
{
	struct http_str t = http_request_target(req);

	(void)s;
	http_response_simple(req, 200, "text/plain", t.p, t.len);
}

TEST(pipelined_requests_are_answered_in_order)
{
	struct fixture *f = *state;

	f->server.handler = say_target;
	client_send(&f->client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
				"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
				"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
				"3\r\nabc\r\n0\r\n\r\n"
				"GET /4 HTTP/1.1\r\nHost: a\r\n\r\nGET /5 HTT");
	client_expect(&f->client, 200, "/1");
	client_expect(&f->client, 200, "/2");
	client_expect(&f->client, 200, "/3");
	client_expect(&f->client, 200, "/4");
	client_send(&f->client, "P/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "/5");
}

TEST(a_pipelined_request_waits_for_the_one_before_it)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	client_send(&f->client,
		    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
		    "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	for (unsigned int i = 1; i <= 3; i++) {
		char target[8];

		WAIT_FOR(f->loop, f->server.requests == i);
		settle(f->loop);
		assert_int_equal(f->server.requests, i);
		say_target(&f->server, f->server.held);
		snprintf(target, sizeof(target), "/%u", i);
		client_expect(&f->client, 200, target);
	}
}

TEST(pipelined_requests_that_arrive_during_a_response_are_kept)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	client_send(&f->client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(f->loop, f->server.held);
	client_send(&f->client, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	settle(f->loop);
	client_send(&f->client, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	settle(f->loop);
	f->server.handler = say_target;
	say_target(&f->server, f->server.held);
	client_expect(&f->client, 200, "/1");
	client_expect(&f->client, 200, "/2");
	client_expect(&f->client, 200, "/3");
}

TEST(an_empty_line_between_requests_is_ignored)
{
	struct fixture *f = *state;

	client_send(&f->client, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	settle(f->loop);
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "hello");
}

static void check_head(struct server *s, struct http_request *req)
{
	struct http_str m = http_request_method(req), p = http_request_path(req);
	struct http_str q = http_request_query(req);
	char line[256];
	int n = snprintf(line, sizeof(line), "%.*s|%.*s|%.*s|%d|%zu", (int)m.len, m.p, (int)p.len,
			 p.p, (int)q.len, q.p, http_request_minor(req),
			 http_request_header_count(req));

	(void)s;
	http_response_simple(req, 200, "text/plain", line, (size_t)n);
}

TEST(the_host_sees_the_head)
{
	struct fixture *f = *state;
	static const struct {
		const char *request, *seen;
	} rows[] = {
		{"GET /a%20b?c=d?e HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n",
		 "GET|/a%20b|c=d?e|1|3"},
		{"QUERY /? HTTP/1.1\r\nHost: a\r\n\r\n", "QUERY|/||1|1"},
		{"GET http://a:1/x?y HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET|/x|y|1|1"},
		{"GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/|y|1|1"},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS|*||1|1"},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET|/||0|1"},
	};

	f->server.handler = check_head;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		client_send(&f->client, rows[i].request);
		client_expect(&f->client, 200, rows[i].seen);
	}
}

static void check_header(struct server *s, struct http_request *req)
{
	const struct http_str *v = http_request_header(req, "x-a");

	(void)s;
	assert_null(http_request_header(req, "x"));
	assert_null(http_request_header(req, "x-a-b"));
	assert_non_null(v);
	http_response_simple(req, 200, "text/plain", v->p, v->len);
}

TEST(a_header_is_found_by_its_lower_case_name)
{
	struct fixture *f = *state;

	f->server.handler = check_header;
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\nX-a:  first \r\nX-A: second\r\n\r\n");
	client_expect(&f->client, 200, "first");
}

static void say_addresses(struct server *s, struct http_request *req)
{
	struct http_addr c = http_request_client(req), l = http_request_server(req);
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %d %s:%d%s %s", c.host, c.port > 0, l.host,
			 l.port == s->port, l.path && !strcmp(l.path, s->path) ? " path" : "",
			 http_request_scheme(req));

	http_response_simple(req, 200, "text/plain", line, (size_t)n);
}

TEST(both_ends_have_addresses)
{
	struct fixture *f = *state;

	f->server.handler = say_addresses;
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
	client_expect(&f->client, 200, "127.0.0.1 1 127.0.0.1:1 http");
}

TEST(a_unix_socket_has_a_path_instead)
{
	struct fixture *f = *state;
	struct server unix_server;
	struct client c;

	server_init_unix(&unix_server, f->loop, say_addresses);
	server_start(&unix_server);
	client_connect(&c, &unix_server);
	client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, 200, " 0 :1 path http");
	assert_string_equal(unix_server.access_client, "");
	client_finish(&c);
	server_finish(&unix_server);
}

TEST(a_trusted_proxy_speaks_for_its_client)
{
	struct fixture *f = *state;
	struct server behind;
	struct client c;

	server_init(&behind, f->loop, say_addresses);
	behind.config.forwarded_allow_ips = "127.0.0.0/8";
	server_start(&behind);
	client_connect(&c, &behind);
	client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4:99\r\n"
			"X-Forwarded-Proto: https\r\n\r\n");
	client_expect(&c, 200, "1.2.3.4 1 127.0.0.1:1 https");
	assert_string_equal(behind.access_client, "1.2.3.4:99");
	client_finish(&c);
	server_finish(&behind);
}

TEST(connection_close_is_obeyed)
{
	struct fixture *f = *state;

	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_reply(&f->client, &f->reply, false);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
}

TEST(a_1_0_client_is_served_and_closed_unless_it_asks_otherwise)
{
	struct fixture *f = *state;

	client_send(&f->client, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
	client_reply(&f->client, &f->reply, false);
	assert_true(reply_has(&f->reply, "Connection: keep-alive"));
	client_send(&f->client, "GET / HTTP/1.0\r\n\r\n");
	client_reply(&f->client, &f->reply, false);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
}

TEST(finished_requests_are_reported)
{
	struct fixture *f = *state;

	client_send(&f->client, "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->server.accesses, 1);
	assert_int_equal(f->server.access_status, 200);
	assert_int_equal(f->server.access_bytes, 5);
	assert_string_equal(f->server.access_target, "/x?y");
	assert_int_equal(strncmp(f->server.access_client, "127.0.0.1:", 10), 0);
	assert_true(f->server.access_seconds >= 0 && f->server.access_seconds < 10);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup_started, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_connection_serves_many_requests),
		T(a_request_may_arrive_byte_by_byte),
		T(pipelined_requests_are_answered_in_order),
		T(a_pipelined_request_waits_for_the_one_before_it),
		T(pipelined_requests_that_arrive_during_a_response_are_kept),
		T(an_empty_line_between_requests_is_ignored),
		T(the_host_sees_the_head),
		T(a_header_is_found_by_its_lower_case_name),
		T(both_ends_have_addresses),
		T(a_unix_socket_has_a_path_instead),
		T(a_trusted_proxy_speaks_for_its_client),
		T(connection_close_is_obeyed),
		T(a_1_0_client_is_served_and_closed_unless_it_asks_otherwise),
		T(finished_requests_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
