/* What goes wrong on real sockets besides time: broken pipes, floods, missing descriptors, halves of things. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

/* Closes with a reset, so that the server's next write fails. */
static void client_reset(struct client *c)
{
	static const struct linger now = {.l_onoff = 1};

	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	client_finish(c);
}

TEST(every_call_on_a_broken_connection_says_so_until_the_host_lets_go)
{
	struct fixture *f = *state;
	static const char block[32768];
	const char *data;
	size_t len;
	bool more;

	f->server.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_reset(&f->client);
	struct http_request *req = f->server.held;
	assert_int_equal(http_response_start(req, 200), 0);
	assert_int_equal(http_response_body(req, block, sizeof(block)), -ECONNABORTED);
	assert_int_equal(http_response_body(req, "", 0), -ECONNABORTED);
	assert_int_equal(http_response_file(req, open("/dev/null", O_RDONLY | O_CLOEXEC), 0, 1),
			 -ECONNABORTED);
	assert_int_equal(http_response_informational(req, 103, "", 0), -ECONNABORTED);
	assert_int_equal(http_request_read(req, &data, &len, &more), -ECONNABORTED);
	http_response_end(req);
	settle(f->loop);
	assert_int_equal(http_server_stats(f->server.http).connections, 0);
	assert_int_equal(f->server.aborts, 0);
}

TEST(a_host_that_does_not_let_go_of_a_broken_connection_is_told)
{
	struct fixture *f = *state;
	static const char block[32768];

	f->server.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_reset(&f->client);
	assert_int_equal(http_response_start(f->server.held, 200), 0);
	assert_int_equal(http_response_body(f->server.held, block, sizeof(block)), -ECONNABORTED);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(http_server_stats(f->server.http).active, 0);
}

TEST(a_body_found_too_large_after_the_response_began_cuts_it)
{
	struct fixture *f = *state;

	client_finish(&f->client);
	server_finish(&f->server);
	server_init(&f->server, f->loop, echo);
	f->server.config.limits.body_max = 10;
	fixture_start(f);
	client_send(&f->client, CHUNKED "5\r\nhello\r\n");
	WAIT_FOR(f->loop, buf_len(&f->client.in) > 0);
	client_send(&f->client, "6\r\nworld!\r\n");
	WAIT_FOR(f->loop, f->client.eof);
	assert_false(f->client.reset);
	assert_int_equal(f->server.aborts, 1);
	assert_int_equal(f->server.refused_status, 413);
	/* The last chunk is missing. */
	assert_memory_equal(buf_data(&f->client.in) + buf_len(&f->client.in) - 10, "5\r\nhello\r\n",
			    10);
}

TEST(an_endless_body_that_nobody_wants_ends_the_connection)
{
	struct fixture *f = *state;
	static const char block[65536];
	ssize_t n = 0;

	client_send(&f->client, CHUNKED);
	client_expect(&f->client, 200, "hello");
	while (!f->client.eof && n >= 0) {
		n = client_try_send(&f->client, "10000\r\n", 7);
		if (n == 7)
			client_send_bytes(&f->client, block, sizeof(block));
		if (n == 7)
			client_send(&f->client, "\r\n");
		ev_run(f->loop, n ? EVRUN_NOWAIT : EVRUN_ONCE);
	}
	assert_true(f->client.eof);
	assert_false(f->client.reset);
}

TEST(the_rest_of_a_body_that_never_comes_ends_the_connection)
{
	struct fixture *f = *state;

	client_finish(&f->client);
	server_finish(&f->server);
	server_init(&f->server, f->loop, say_hello);
	f->server.config.limits.body_timeout_ms = 20;
	fixture_start(f);
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	client_expect(&f->client, 200, "hello");
	client_expect_close(&f->client);
	assert_int_equal(f->server.refusals, 0);
}

TEST(half_a_head_and_then_nothing_is_no_request)
{
	struct fixture *f = *state;

	client_send(&f->client, "GET / HTTP/1.1\r\nHo");
	WAIT_FOR(f->loop, http_server_stats(f->server.http).connections == 1);
	settle(f->loop);
	client_finish(&f->client);
	WAIT_FOR(f->loop, http_server_stats(f->server.http).connections == 0);
	assert_int_equal(f->server.requests, 0);
	assert_int_equal(f->server.refusals, 0);
	assert_int_equal(f->server.accesses, 0);
}

TEST(a_client_that_closes_without_a_reset_is_given_up_after_a_while)
{
	struct fixture *f = *state;

	f->server.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.held);
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->server.aborts == 1);
	assert_int_equal(f->server.access_status, 499);
}

TEST(a_flood_of_pipelined_requests_is_held_back_and_answered_in_full)
{
	struct fixture *f = *state;
	enum { BURST = 500, BURSTS = 40 };
	size_t replies = 0;
	char *burst = malloc(BURST * strlen(GET) + 1);

	assert_non_null(burst);
	burst[0] = '\0';
	for (size_t i = 0, at = 0; i < BURST; i++, at += strlen(GET))
		memcpy(burst + at, GET, strlen(GET) + 1);
	/* A Unix socket: its buffers are small and do not grow. */
	client_finish(&f->client);
	server_finish(&f->server);
	server_init_unix(&f->server, f->loop, say_hello);
	fixture_start(f);
	client_pause(&f->client, true);
	size_t len = BURST * strlen(GET), sent = 0;
	for (int quiet = 0; sent < BURSTS * len && quiet < 50;) {
		ssize_t n = client_try_send(&f->client, burst + sent % len, len - sent % len);

		assert_true(n >= 0);
		sent += (size_t)n;
		quiet = n ? 0 : quiet + 1;
		ev_run(f->loop, EVRUN_NOWAIT);
	}
	client_pause(&f->client, false);
	client_send_bytes(&f->client, burst + sent % len, (len - sent % len) % len);
	sent += (len - sent % len) % len;
	for (; replies < sent / strlen(GET); replies++)
		client_expect(&f->client, 200, "hello");
	settle(f->loop);
	assert_int_equal(buf_len(&f->client.in), 0);
	assert_int_equal(f->server.requests, replies);
	assert_int_equal(f->server.accesses, replies);
	free(burst);
}

TEST(a_server_without_descriptors_waits_and_goes_on)
{
	struct fixture *f = *state;
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* Connected, but not accepted yet. */
	client_send(&f->client, GET);
	int next = dup(0);
	assert_true(next >= 0);
	close(next);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	settle(f->loop);
	assert_int_equal(http_server_stats(f->server.http).accepted, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	client_expect(&f->client, 200, "hello");
}

static void say_server(struct server *s, struct http_request *req)
{
	struct http_addr a = http_request_server(req), again = http_request_server(req);

	assert_ptr_equal(a.host, again.host);
	assert_int_equal(a.port, s->left);
	assert_ptr_equal(http_request_loop(req), s->loop);
	http_response_simple(req, 200, "text/plain", a.host, strlen(a.host));
}

TEST(a_connection_of_an_unknown_listener_knows_its_own_address)
{
	struct fixture *f = *state;
	struct server other;
	struct client c;

	server_init(&other, f->loop, say_hello); /* only its listening socket is used */
	client_connect(&c, &other);
	int fd = accept4(other.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	f->server.handler = say_server;
	f->server.left = other.port;
	assert_int_equal(http_server_adopt(f->server.http, fd, "127.0.0.1:1", 9, 0, NULL, 0), 0);
	client_send(&c, GET);
	client_expect(&c, 200, "127.0.0.1");
	assert_string_equal(f->server.access_client, "127.0.0.1:1");
	client_finish(&c);
	fd_close(&other.listener);
	server_finish(&other);
}

TEST(a_listener_that_is_no_socket_is_refused_and_left_to_the_caller)
{
	struct fixture *f = *state;
	struct http_server_config config = f->server.config;
	struct http_server *s;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	config.listeners = &fd;
	config.listener_count = 1;
	assert_int_equal(http_server_create(&s, &config), -ENOTSOCK);
	config.listener_count = 0;
	config.forwarded_allow_ips = "nonsense";
	assert_int_equal(http_server_create(&s, &config), -EINVAL);
	assert_int_equal(close(fd), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup_started, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_call_on_a_broken_connection_says_so_until_the_host_lets_go),
		T(a_host_that_does_not_let_go_of_a_broken_connection_is_told),
		T(a_body_found_too_large_after_the_response_began_cuts_it),
		T(an_endless_body_that_nobody_wants_ends_the_connection),
		T(the_rest_of_a_body_that_never_comes_ends_the_connection),
		T(half_a_head_and_then_nothing_is_no_request),
		T(a_client_that_closes_without_a_reset_is_given_up_after_a_while),
		T(a_flood_of_pipelined_requests_is_held_back_and_answered_in_full),
		T(a_server_without_descriptors_waits_and_goes_on),
		T(a_connection_of_an_unknown_listener_knows_its_own_address),
		T(a_listener_that_is_no_socket_is_refused_and_left_to_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
