/* The parser: heads into slices, bodies decoded in place however they are cut. */
#include "daemon/http/parser.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

struct fixture {
	struct parser *p;
	char head[1024];
	struct http_header table[16];
	struct parser_head out;
	struct http_limits limits;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || parser_create(&f->p) < 0)
		return -1;
	http_limits_default(&f->limits);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	parser_destroy(f->p);
	free(f);
	return 0;
}

static int parse(struct fixture *f, const char *head)
{
	const char *why = NULL;

	strcpy(f->head, head);
	int rc = parser_head(f->p, f->head, strlen(head), strcspn(head, " "), f->table,
			     ARRAY_LEN(f->table), &f->out, &why);
	if (rc < 0)
		assert_non_null(why);
	return rc;
}

static void assert_str(struct http_str s, const char *expected)
{
	if (s.len != strlen(expected) || memcmp(s.p, expected, s.len) != 0)
		fail_msg("\"%.*s\", expected \"%s\"", (int)s.len, s.p, expected);
}

TEST(a_head_becomes_slices_with_lower_case_names)
{
	struct fixture *f = *state;

	assert_int_equal(
		parse(f,
		      "GET /a?b HTTP/1.1\r\nHOST:  a.b \t\r\nX-Y: 1\r\nEmpty:\r\nX-Y: 2\r\n\r\n"),
		0);
	assert_str(f->out.target, "/a?b");
	assert_int_equal(f->out.header_count, 4);
	assert_str(f->table[0].name, "host");
	assert_str(f->table[0].value, "a.b");
	assert_str(f->table[1].name, "x-y");
	assert_str(f->table[1].value, "1");
	assert_str(f->table[2].name, "empty");
	assert_str(f->table[2].value, "");
	assert_str(f->table[3].value, "2");
	assert_true(f->out.keep_alive);
	assert_true(parser_complete(f->p));
}

TEST(names_with_an_underscore_are_left_out)
{
	struct fixture *f = *state;

	assert_int_equal(
		parse(f, "GET / HTTP/1.1\r\nX_Forwarded_For: a\r\nHost: a\r\nX_Y: b\r\n\r\n"), 0);
	assert_int_equal(f->out.header_count, 1);
	assert_str(f->table[0].name, "host");
}

TEST(methods_of_any_name_are_framed_alike)
{
	struct fixture *f = *state;
	static const char *const methods[] = {"GET", "QUERY", "M-SEARCH", "SOURCE",
					      "PRI", "X",     "POSTS"};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		char head[128];

		snprintf(head, sizeof(head),
			 "%s /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", methods[i]);
		assert_int_equal(parse(f, head), 0);
		assert_str(f->out.target, "/p");
		assert_int_equal(f->out.content_length, 5);
		assert_false(parser_complete(f->p));
	}
}

TEST(the_connection_field_and_the_version_decide_on_keep_alive)
{
	struct fixture *f = *state;
	static const struct {
		const char *head;
		bool keep;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: te, close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: te\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
		{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(parse(f, rows[i].head), 0);
		if (f->out.keep_alive != rows[i].keep)
			fail_msg("row %zu: %d", i, f->out.keep_alive);
	}
}

TEST(an_offer_to_upgrade_is_an_ordinary_request)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
				  "websocket\r\n\r\n"),
			 0);
	assert_true(parser_complete(f->p));
	assert_true(f->out.keep_alive);
	assert_int_equal(parse(f, "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
				  "h2c\r\nContent-Length: 3\r\n\r\n"),
			 0);
	assert_int_equal(f->out.content_length, 3);
	assert_false(parser_complete(f->p));
}

/*
 * Decodes `wire` in pieces of `step`; the body is collected in `body`. Returns the bytes of wire that were
 * used, or -EBADMSG.
 */
static int decode(struct fixture *f, const char *wire, size_t step, char *body, size_t *body_len)
{
	size_t len = strlen(wire), at = 0;

	*body_len = 0;
	while (at < len && !parser_complete(f->p)) {
		size_t n = step < len - at ? step : len - at;
		char *copy = malloc(n);
		size_t got, used;
		const char *why = NULL;

		assert_non_null(copy);
		memcpy(copy, wire + at, n);
		int rc = parser_body(f->p, copy, n, &f->limits, &got, &used, &why);
		if (rc == 0) {
			memcpy(body + *body_len, copy, got);
			*body_len += got;
		}
		free(copy);
		if (rc < 0) {
			assert_non_null(why);
			return rc;
		}
		at += used;
	}
	return (int)at;
}

TEST(bodies_are_decoded_however_they_are_cut)
{
	struct fixture *f = *state;
	static const struct {
		const char *head, *wire, *body;
		size_t rest; /* bytes of wire that are the next request's */
	} rows[] = {
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "helloGET /", "hello",
		 5},
		{CHUNKED, "5\r\nhello\r\n0\r\n\r\nGET /", "hello", 5},
		{CHUNKED, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", 0},
		{CHUNKED, "0\r\n\r\n", "", 0},
		{CHUNKED, "00a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
		{CHUNKED, "A;x=y\r\n0123456789\r\n0;z\r\n\r\nG", "0123456789", 1},
		{CHUNKED, "1\r\n\n\r\n1\r\n\r\r\n0\r\n\r\n", "\n\r", 0},
		{CHUNKED, "3\r\nabc\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nGET", "abc", 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t step = 1; step < 40; step++) {
			char body[64];
			size_t len;

			assert_int_equal(parse(f, rows[i].head), 0);
			int used = decode(f, rows[i].wire, step, body, &len);
			if (used != (int)(strlen(rows[i].wire) - rows[i].rest) ||
			    !parser_complete(f->p))
				fail_msg("row %zu in steps of %zu: used %d", i, step, used);
			if (len != strlen(rows[i].body) || memcmp(body, rows[i].body, len) != 0)
				fail_msg("row %zu in steps of %zu: \"%.*s\"", i, step, (int)len,
					 body);
		}
	}
}

TEST(malformed_chunks_and_forbidden_trailers_are_refused)
{
	struct fixture *f = *state;
	static const char *const wires[] = {
		"5\r\nhelloXX0\r\n\r\n",	/* no CRLF after the data */
		"5\r\nhello\n0\r\n\r\n",	/* LF instead */
		"5\nhello\r\n0\r\n\r\n",	/* bare LF after the size */
		"5\rhello\r\n0\r\n\r\n",	/* bare CR after the size */
		"5\r\r\nhello\r\n0\r\n\r\n",	/* CR CR LF */
		"\r\n5\r\nhello\r\n0\r\n\r\n",	/* empty line first */
		"0x5\r\nhello\r\n0\r\n\r\n",	/* prefix */
		"+5\r\nhello\r\n0\r\n\r\n",	/* sign */
		"-5\r\nhello\r\n0\r\n\r\n",	/* sign */
		" 5\r\nhello\r\n0\r\n\r\n",	/* blank first */
		"g\r\n",			/* no number */
		"5;a\nb\r\nhello\r\n0\r\n\r\n", /* LF in an extension */
		"5;a\rb\r\nhello\r\n0\r\n\r\n", /* CR in an extension */
		"5;\x01\r\nhello\r\n0\r\n\r\n", /* control byte in an extension */
		"fffffffffffffffff\r\n",	/* beyond 64 bits */
		"0\r\nContent-Length: 5\r\n\r\n",
		"0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"0\r\nHost: b\r\n\r\n",
		"0\r\nhOsT: b\r\n\r\n",
		"0\r\nX: a\r\n b\r\n\r\n", /* folded */
		"0\r\nX: a\n\r\n",	   /* bare LF */
		"0\r\nX : a\r\n\r\n",
		"0\r\nX\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
		for (size_t step = 1; step < 40; step += 3) {
			char body[64];
			size_t len;

			assert_int_equal(parse(f, CHUNKED), 0);
			int rc = decode(f, wires[i], step, body, &len);
			if (rc != -EBADMSG)
				fail_msg("row %zu in steps of %zu: %d", i, step, rc);
		}
	}
}

/* "0…0" n times, then `tail`. */
static char *padded(const char *lead, char fill, size_t n, const char *tail)
{
	size_t a = strlen(lead), b = strlen(tail);
	char *s = malloc(a + n + b + 1);

	assert_non_null(s);
	memcpy(s, lead, a);
	memset(s + a, fill, n);
	memcpy(s + a + n, tail, b + 1);
	return s;
}

TEST(framing_without_body_is_bounded)
{
	struct fixture *f = *state;
	char *wires[] = {
		padded("", '0', 10000, "5\r\nhello\r\n0\r\n\r\n"),
		padded("5;", 'x', 10000, "\r\nhello\r\n0\r\n\r\n"),
		padded("0\r\nX: ", 'x', 70000, "\r\n\r\n"),
	};

	for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
		char body[64];
		size_t len;

		assert_int_equal(parse(f, CHUNKED), 0);
		assert_int_equal(decode(f, wires[i], 1000, body, &len), -EBADMSG);
		free(wires[i]);
	}
}

TEST(trailers_are_counted)
{
	struct fixture *f = *state;
	char body[8];
	size_t len;

	f->limits.headers_max = 2;
	assert_int_equal(parse(f, CHUNKED), 0);
	assert_true(decode(f, "0\r\nA: 1\r\nB: 2\r\n\r\n", 100, body, &len) > 0);
	assert_int_equal(parse(f, CHUNKED), 0);
	assert_int_equal(decode(f, "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", 100, body, &len), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_head_becomes_slices_with_lower_case_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_with_an_underscore_are_left_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(methods_of_any_name_are_framed_alike, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			the_connection_field_and_the_version_decide_on_keep_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(an_offer_to_upgrade_is_an_ordinary_request, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bodies_are_decoded_however_they_are_cut, setup,
						teardown),
		cmocka_unit_test_setup_teardown(malformed_chunks_and_forbidden_trailers_are_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(framing_without_body_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(trailers_are_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
