/* The gate before the parser: everything that llhttp 8.1 lets through, and what good heads look like. */
#include "daemon/http/prescan.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

struct row {
	const char *name;
	const char *head;
	size_t len;
	int status; /* 0: good */
};

#define GOOD(name, head)                        \
	{                                       \
		name, head, sizeof(head) - 1, 0 \
	}
#define BAD(status, name, head)                      \
	{                                            \
		name, head, sizeof(head) - 1, status \
	}

static const struct http_limits no_limits;

/* Feeds `row` in pieces of `step` bytes; returns the status, 0 for complete, -1 for "more". */
static int feed(const struct row *row, size_t step, const struct http_limits *l, struct prescan *s)
{
	size_t len = row->len;
	struct prescan_refusal r = {.status = -2};
	size_t have = 0;

	*s = (struct prescan){.pos = 0};
	while (have < len) {
		have = have + step < len ? have + step : len;
		/* A copy of just these bytes, so that a sanitizer sees any look beyond them. */
		char *copy = malloc(have);
		assert_non_null(copy);
		memcpy(copy, row->head, have);
		int rc = prescan_feed(s, copy, have, l, &r);
		free(copy);
		if (rc == 1)
			return 0;
		if (rc < 0) {
			assert_non_null(r.why);
			return r.status;
		}
	}
	return -1;
}

static void check(const struct row *rows, size_t n, const struct http_limits *l)
{
	for (size_t i = 0; i < n; i++) {
		static const size_t steps[] = {100000, 1, 2, 3, 7};

		for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
			struct prescan s;
			int status = feed(&rows[i], steps[k], l, &s);

			if (status != rows[i].status)
				fail_msg("%s (in steps of %zu): %d, expected %d", rows[i].name,
					 steps[k], status, rows[i].status);
			if (status == 0 && s.pos != rows[i].len)
				fail_msg("%s: head of %zu bytes, expected %zu", rows[i].name, s.pos,
					 rows[i].len);
		}
	}
}

TEST(good_heads_are_accepted_however_they_are_cut)
{
	static const struct row rows[] = {
		GOOD("plain", GET "\r\n"),
		GOOD("1.0 without Host", "GET / HTTP/1.0\r\n\r\n"),
		GOOD("1.0 with Host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"),
		GOOD("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
		GOOD("Host with port", "GET / HTTP/1.1\r\nHost: a.example:8000\r\n\r\n"),
		GOOD("Host with an IPv6 address", "GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"),
		GOOD("blanks around a value", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"),
		GOOD("no blank before a value", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"),
		GOOD("one empty line before", "\r\n" GET "\r\n"),
		GOOD("empty value", GET "X:\r\n\r\n"),
		GOOD("bytes above 127 in a value", GET "X: \xc3\xa9\xff\r\n\r\n"),
		GOOD("tab inside a value", GET "X: a\tb\r\n\r\n"),
		GOOD("name with '_'", GET "X_Y: a\r\n\r\n"),
		GOOD("unknown method", "QUERY / HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("method with a hyphen", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("query", "GET /a?b=c&d HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("odd but printable target", "GET /{}|\\^\"<> HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("absolute target", "GET http://a.b:80/x HTTP/1.1\r\nHost: A.b:80\r\n\r\n"),
		GOOD("absolute target without a path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("absolute target with only a query",
		     "GET https://a?b HTTP/1.1\r\nHost: a\r\n\r\n"),
		GOOD("Content-Length", POST "Content-Length: 10\r\n\r\n"),
		GOOD("chunked", POST "Transfer-Encoding: Chunked\r\n\r\n"),
		GOOD("Expect", POST "Expect: 100-Continue\r\n\r\n"),
		GOOD("Expect of a 1.0 client", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n"),
		GOOD("other fields twice", GET "Cookie: a\r\nCookie: b\r\n\r\n"),
	};

	check(rows, ARRAY_LEN(rows), &no_limits);
}

TEST(malformed_request_lines_are_refused)
{
	static const struct row rows[] = {
		BAD(400, "HTTP/0.9", "GET /\r\n"),
		BAD(400, "HTTP/0.9 with headers", "GET /\r\nHost: a\r\n\r\n"),
		BAD(505, "HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n\r\n"),
		BAD(505, "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
		BAD(505, "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		BAD(505, "HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
		BAD(400, "HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
		BAD(400, "lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "another protocol", "GET / RTSP/1.0\r\nHost: a\r\n\r\n"),
		BAD(400, "two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
		BAD(400, "space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "tab as separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "GET *", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "OPTIONS *x", "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "absolute target without host",
		    "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "raw UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "control byte in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(501, "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "separator in the method", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "no spaces", "GET/HTTP/1.1\r\n"),
		BAD(400, "TLS hello", "\x16\x03\x01\x02"),
		BAD(400, "a response", "HTTP/1.1 200 OK\r\n\r\n"),
		BAD(400, "two empty lines before", "\r\n\r\n" GET "\r\n"),
	};

	check(rows, ARRAY_LEN(rows), &no_limits);
}

TEST(line_ends_and_folding_are_refused_unless_they_are_exact)
{
	static const struct row rows[] = {
		BAD(400, "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
		BAD(400, "bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
		BAD(400, "bare LF as the last line", GET "\n"),
		BAD(400, "LF alone", "\n"),
		BAD(400, "LF LF", "GET / HTTP/1.1\n\n"),
		BAD(400, "bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "bare CR in a value", GET "X: a\rb\r\n\r\n"),
		BAD(400, "CR CR LF", GET "X: a\r\r\n\r\n"),
		BAD(400, "CR CR LF as the last line", GET "\r\r\n"),
		BAD(400, "folded with a space", GET "X: a\r\n b\r\n\r\n"),
		BAD(400, "folded with a tab", GET "X: a\r\n\tb\r\n\r\n"),
		BAD(400, "space before the first name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
		BAD(400, "a line of blanks", GET " \r\n\r\n"),
	};

	check(rows, ARRAY_LEN(rows), &no_limits);
}

TEST(malformed_fields_are_refused)
{
	static const struct row rows[] = {
		BAD(400, "space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
		BAD(400, "tab before the colon", GET "X\t: a\r\n\r\n"),
		BAD(400, "no colon", GET "X\r\n\r\n"),
		BAD(400, "empty name", GET ": a\r\n\r\n"),
		BAD(400, "space in the name", GET "X Y: a\r\n\r\n"),
		BAD(400, "separator in the name", GET "X(Y: a\r\n\r\n"),
		BAD(400, "UTF-8 in the name", GET "\xc3\xa9: a\r\n\r\n"),
		BAD(400, "control byte in a value", GET "X: a\x01\r\n\r\n"),
		BAD(400, "DEL in a value", GET "X: a\x7f\r\n\r\n"),
		BAD(400, "NUL in a value", GET "X: a\0b\r\n\r\n"),
		BAD(400, "missing Host", "GET / HTTP/1.1\r\n\r\n"),
		BAD(400, "missing Host, others there", "GET / HTTP/1.1\r\nHosts: a\r\n\r\n"),
		BAD(400, "Host twice", GET "Host: a\r\n\r\n"),
		BAD(400, "Host twice, 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n"),
		BAD(400, "Host list", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
		BAD(400, "Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
		BAD(400, "Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
		BAD(400, "Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
		BAD(400, "Host unlike the target", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
		BAD(400, "Host shorter than the target's",
		    "GET http://ab/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(400, "Content-Type twice",
		    POST "Content-Type: a/b\r\ncontent-type: a/b\r\n\r\n"),
		BAD(417, "unknown expectation", POST "Expect: 200-ok\r\n\r\n"),
	};

	check(rows, ARRAY_LEN(rows), &no_limits);
}

TEST(framing_that_others_may_read_differently_is_refused)
{
	static const struct row rows[] = {
		BAD(400, "CL twice", POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
		BAD(400, "CL list", POST "Content-Length: 1, 1\r\n\r\n"),
		BAD(400, "CL with a sign", POST "Content-Length: +1\r\n\r\n"),
		BAD(400, "CL negative", POST "Content-Length: -1\r\n\r\n"),
		BAD(400, "CL hexadecimal", POST "Content-Length: 0x1\r\n\r\n"),
		BAD(400, "CL empty", POST "Content-Length:\r\n\r\n"),
		BAD(400, "CL with a blank", POST "Content-Length: 1 1\r\n\r\n"),
		BAD(413, "CL beyond 64 bits", POST "Content-Length: 99999999999999999999\r\n\r\n"),
		BAD(400, "CL and TE",
		    POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
		BAD(400, "TE and CL",
		    POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
		BAD(400, "TE twice",
		    POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
		BAD(501, "TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
		BAD(501, "TE chunked, gzip", POST "Transfer-Encoding: chunked, gzip\r\n\r\n"),
		BAD(501, "TE chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
		BAD(501, "TE identity", POST "Transfer-Encoding: identity\r\n\r\n"),
		BAD(501, "TE xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n"),
		BAD(501, "TE empty", POST "Transfer-Encoding:\r\n\r\n"),
		BAD(400, "TE with a vertical tab",
		    POST "Transfer-Encoding: \x0b"
			 "chunked\r\n\r\n"),
		BAD(400, "TE in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
	};

	check(rows, ARRAY_LEN(rows), &no_limits);
}

TEST(each_limit_has_its_status)
{
	static const struct http_limits limits = {
		.request_line_max = 20, .header_max = 10, .headers_max = 3, .head_max = 60};
	static const struct row rows[] = {
		GOOD("request line just fits", "GET /12345 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(414, "request line too long", "GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD(414, "request line without end", "GET /1234567890123456"),
		GOOD("header just fits", GET "X: 1234567\r\n\r\n"),
		BAD(431, "header too long", GET "X: 12345678\r\n\r\n"),
		BAD(431, "header without end", GET "X: 1234567890"),
		GOOD("three headers", GET "X: 1\r\nX: 2\r\n\r\n"),
		BAD(431, "four headers", GET "X: 1\r\nX: 2\r\nX: 3\r\n\r\n"),
	};
	static const struct http_limits small_head = {.head_max = 40};
	static const struct row head_rows[] = {
		BAD(431, "head just fits", GET "X: 123456789\r\n\r\n"),
		GOOD("head fits", GET "X: 12345678\r\n\r\n"),
		BAD(414, "request line fills the head",
		    "GET /12345678901234567890123456789012345 HTTP/1.1"),
	};

	check(rows, ARRAY_LEN(rows), &limits);
	check(head_rows, ARRAY_LEN(head_rows), &small_head);
}

TEST(what_the_parser_needs_is_noted)
{
	static const struct row row = GOOD("", "\r\nPOST http://b/x HTTP/1.1\r\nHost: b\r\nExpect: "
					       "100-continue\r\nA: 1\r\n\r\n");
	struct prescan s;

	assert_int_equal(feed(&row, 5, &no_limits, &s), 0);
	assert_int_equal(s.start, 2);
	assert_int_equal(s.method_len, 4);
	assert_int_equal(s.target_len, 10);
	assert_int_equal(s.authority, 8);
	assert_int_equal(s.minor, 1);
	assert_int_equal(s.fields, 3);
	assert_true(s.expect);
}

TEST(the_head_ends_where_the_body_begins)
{
	static const char bytes[] = GET "\r\nrest\r\n\r\n";
	struct prescan s = {.pos = 0};
	struct prescan_refusal r;

	assert_int_equal(prescan_feed(&s, bytes, sizeof(bytes) - 1, &no_limits, &r), 1);
	assert_int_equal(s.pos, sizeof(GET "\r\n") - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_heads_are_accepted_however_they_are_cut),
		cmocka_unit_test(malformed_request_lines_are_refused),
		cmocka_unit_test(line_ends_and_folding_are_refused_unless_they_are_exact),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(framing_that_others_may_read_differently_is_refused),
		cmocka_unit_test(each_limit_has_its_status),
		cmocka_unit_test(what_the_parser_needs_is_noted),
		cmocka_unit_test(the_head_ends_where_the_body_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
