/* Responses over real sockets: framing, header rules, failures. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OLD  "GET / HTTP/1.0\r\n\r\n"

static int setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	f->server.config.extra_header = "X-Generation: 7\r\n";
	fixture_start(f);
	return 0;
}

/* Sends the request and takes the reply of `handler`. */
static struct reply *ask(struct fixture *f, const char *request, handler_fn *handler)
{
	f->server.handler = handler;
	client_send(&f->client, request);
	client_reply(&f->client, &f->reply, strncmp(request, "HEAD", 4) == 0);
	return &f->reply;
}

static void header(struct http_request *req, const char *name, const char *value)
{
	assert_int_equal(http_response_header(req, name, strlen(name), value, strlen(value)), 0);
}

TEST(every_response_says_who_and_when_and_what_the_host_adds)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, GET, say_hello);

	assert_true(reply_has(r, "Server: blackbulld"));
	assert_true(reply_has(r, "X-Generation: 7"));
	assert_true(reply_has(r, "Content-Type: text/plain"));
	assert_true(reply_has(r, "Content-Length: 5"));
	assert_non_null(strstr(r->head, " GMT\n"));
	assert_int_equal(strncmp(r->head, "HTTP/1.1 200 OK\n", 16), 0);
	assert_null(strstr(r->head, "Connection"));
}

static void two_pieces(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "transfer-encoding", "gzip"); /* ours to decide: ignored */
	assert_int_equal(http_response_body(req, "hello ", 6), 0);
	assert_int_equal(http_response_body(req, "", 0), 0);
	assert_int_equal(http_response_body(req, "world", 5), 0);
	http_response_end(req);
}

TEST(a_body_without_a_length_is_chunked)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, GET, two_pieces);

	assert_true(r->chunked);
	assert_false(r->has_length);
	assert_null(strstr(r->head, "gzip"));
	assert_string_equal(r->body, "hello world");
	assert_int_equal(ask(f, GET, say_hello)->status, 200);
}

TEST(a_1_0_client_gets_it_until_the_connection_ends)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", two_pieces);

	assert_false(r->chunked);
	assert_false(r->has_length);
	assert_true(reply_has(r, "Connection: close"));
	assert_string_equal(r->body, "hello world");
	client_expect_close(&f->client);
}

TEST(head_is_answered_like_get_without_the_body)
{
	struct fixture *f = *state;

	assert_true(reply_has(ask(f, HEAD, say_hello), "Content-Length: 5"));
	assert_true(ask(f, HEAD, two_pieces)->chunked);
	assert_string_equal(ask(f, GET, say_hello)->body, "hello");
	assert_int_equal(f->server.accesses, 3);
}

static void no_content(struct server *s, struct http_request *req)
{
	assert_int_equal(http_response_start(req, (int)s->left), 0);
	if (s->left == 304)
		header(req, "Content-Length", "99"); /* what a 200 would have had */
	assert_int_equal(http_response_body(req, "dropped", 7), 0);
	http_response_end(req);
}

TEST(statuses_without_content_have_none)
{
	struct fixture *f = *state;

	f->server.left = 204;
	assert_false(ask(f, GET, no_content)->has_length);
	assert_false(f->reply.chunked);
	f->server.left = 304;
	assert_true(reply_has(ask(f, GET, no_content), "Content-Length: 99"));
	f->server.left = 205;
	assert_true(reply_has(ask(f, GET, no_content), "Content-Length: 0"));
	assert_string_equal(ask(f, GET, say_hello)->body, "hello");
}

static void empty(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	http_response_end(req);
}

TEST(an_empty_body_has_length_zero)
{
	struct fixture *f = *state;

	assert_true(reply_has(ask(f, GET, empty), "Content-Length: 0"));
	assert_int_equal(ask(f, HEAD, empty)->status, 200);
	assert_int_equal(ask(f, GET, say_hello)->status, 200);
}

static void own_fields(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 418), 0);
	header(req, "server", "teapot");
	header(req, "DATE", "today");
	header(req, "connection", "Keep-Alive, CLOSE");
	header(req, "X-A", " padded\t");
	header(req, "X-B", "\xc3\xa9");
	header(req, "X-C", "");
	header(req, "content-length", "2");
	header(req, "Content-Length", "2");
	assert_int_equal(http_response_body(req, "ok", 2), 0);
	http_response_end(req);
}

TEST(the_hosts_own_fields_take_the_place_of_ours)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, GET, own_fields);

	assert_true(reply_has(r, "HTTP/1.1 418 I'm a Teapot") || r->status == 418);
	assert_true(reply_has(r, "server: teapot"));
	assert_true(reply_has(r, "DATE: today"));
	assert_null(strstr(r->head, "blackbulld"));
	assert_null(strstr(r->head, "GMT"));
	assert_true(reply_has(r, "X-A: padded"));
	assert_true(reply_has(r, "X-B: \xc3\xa9"));
	assert_true(reply_has(r, "X-C: "));
	assert_true(reply_has(r, "Content-Length: 2"));
	assert_true(reply_has(r, "Connection: close"));
	client_expect_close(&f->client);
}

static void bad_calls(struct server *s, struct http_request *req)
{
	static const struct {
		const char *name;
		size_t name_len;
		const char *value;
		size_t len;
	} bad[] = {
		{"", 0, "a", 1},
		{"X Y", 3, "a", 1},
		{"X:", 2, "a", 1},
		{"X\r\n", 3, "a", 1},
		{"X", 1, "a\r\nb", 4},
		{"X", 1, "a\nb", 3},
		{"X", 1, "a\0b", 3},
		{"X", 1, "\x7f", 1},
		{"X\xc3", 2, "a", 1},
		{"Content-Length", 14, "", 0},
		{"Content-Length", 14, "-1", 2},
		{"content-length", 14, "1x", 2},
		{"content-length", 14, "99999999999999999999", 20},
	};

	(void)s;
	assert_int_equal(http_response_body(req, "x", 1), -EINVAL);
	assert_int_equal(http_response_header(req, "X", 1, "a", 1), -EINVAL);
	assert_int_equal(http_response_start(req, 100), -EINVAL);
	assert_int_equal(http_response_start(req, 600), -EINVAL);
	assert_int_equal(http_response_start(req, 200), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (http_response_header(req, bad[i].name, bad[i].name_len, bad[i].value,
					 bad[i].len) != -EINVAL)
			fail_msg("row %zu was taken", i);
	}
	header(req, "Content-Length", "3");
	assert_int_equal(http_response_header(req, "Content-Length", 14, "4", 1), -EINVAL);
	assert_int_equal(http_response_body(req, "four", 4), -EINVAL);
	assert_false(http_response_started(req));
	assert_int_equal(http_response_body(req, "abc", 3), 0);
	assert_true(http_response_started(req));
	assert_int_equal(http_response_body(req, "d", 1), -EINVAL);
	assert_int_equal(http_response_start(req, 200), -EINVAL);
	assert_int_equal(http_response_header(req, "X", 1, "a", 1), -EINVAL);
	http_response_end(req);
}

TEST(calls_that_make_no_sense_are_refused_and_send_nothing)
{
	struct fixture *f = *state;

	assert_string_equal(ask(f, GET, bad_calls)->body, "abc");
	assert_int_equal(ask(f, GET, say_hello)->status, 200);
}

static void replaced(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "X-First", "1");
	header(req, "Content-Length", "100");
	http_response_simple(req, 404, "text/plain", "no", 2);
}

TEST(a_response_may_be_replaced_until_bytes_are_out)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, GET, replaced);

	assert_int_equal(r->status, 404);
	assert_null(strstr(r->head, "X-First"));
	assert_string_equal(r->body, "no");
}

static void nothing(struct server *s, struct http_request *req)
{
	(void)s;
	http_response_end(req);
}

static void too_little_unsent(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "Content-Length", "5");
	http_response_end(req);
}

static void give_up(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	http_response_abort(req);
}

TEST(a_failure_before_the_first_byte_becomes_a_500)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, GET, nothing)->status, 500);
	assert_int_equal(ask(f, GET, too_little_unsent)->status, 500);
	assert_int_equal(ask(f, GET, give_up)->status, 500);
	assert_int_equal(ask(f, GET, say_hello)->status, 200);
}

static void too_little(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "Content-Length", "5");
	assert_int_equal(http_response_body(req, "abc", 3), 0);
	http_response_end(req);
}

static void die_in_the_middle(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	assert_int_equal(http_response_body(req, "abc", 3), 0);
	http_response_abort(req);
}

static const char *everything(struct client *c)
{
	WAIT_FOR(c->loop, c->eof);
	assert_int_equal(buf_add(&c->in, "", 1), 0);
	return buf_data(&c->in);
}

TEST(a_failure_afterwards_cuts_the_connection)
{
	struct fixture *f = *state;
	static const struct {
		const char *request;
		handler_fn *handler;
		const char *end;
		bool reset;
	} rows[] = {
		{GET, too_little, "\r\n\r\nabc", false},
		{GET, die_in_the_middle, "\r\n\r\n3\r\nabc\r\n", false},
		{OLD, die_in_the_middle, NULL, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct client c;

		f->server.handler = rows[i].handler;
		client_connect(&c, &f->server);
		client_send(&c, rows[i].request);
		const char *all = everything(&c);
		assert_int_equal(c.reset, rows[i].reset);
		if (rows[i].end)
			assert_string_equal(strstr(all, "\r\n\r\n"), rows[i].end);
		client_finish(&c);
	}
}

static void hint(struct server *s, struct http_request *req)
{
	static const char lines[] = "Link: </a.css>; rel=preload\r\nX: 1\r\n";
	static const char *const bad[] = {"X",	     "X: 1",	     "X: 1\n",
					  ": 1\r\n", "X: 1\r\n\r\n", "X Y: 1\r\n"};
	int expected = 0;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(http_response_informational(req, 103, bad[i], strlen(bad[i])),
				 -EINVAL);
	assert_int_equal(http_response_informational(req, 101, "", 0), -EINVAL);
	assert_int_equal(http_response_informational(req, 200, "", 0), -EINVAL);
	assert_int_equal(http_response_informational(req, 103, lines, sizeof(lines) - 1), expected);
	say_hello(s, req);
}

TEST(early_hints_come_before_the_response)
{
	struct fixture *f = *state;
	struct reply *r = ask(f, GET, hint);

	assert_int_equal(r->status, 103);
	assert_true(reply_has(r, "Link: </a.css>; rel=preload"));
	client_expect(&f->client, 200, "hello");
	assert_int_equal(ask(f, OLD, hint)->status, 200);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_response_says_who_and_when_and_what_the_host_adds),
		T(a_body_without_a_length_is_chunked),
		T(a_1_0_client_gets_it_until_the_connection_ends),
		T(head_is_answered_like_get_without_the_body),
		T(statuses_without_content_have_none),
		T(an_empty_body_has_length_zero),
		T(the_hosts_own_fields_take_the_place_of_ours),
		T(calls_that_make_no_sense_are_refused_and_send_nothing),
		T(a_response_may_be_replaced_until_bytes_are_out),
		T(a_failure_before_the_first_byte_becomes_a_500),
		T(a_failure_afterwards_cuts_the_connection),
		T(early_hints_come_before_the_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
