/* Lines of the access log. */
#include "daemon/worker/access_log.h"

#include "tests/support/unit.h"

#include <string.h>

#define STR(s)                   \
	(struct http_str)        \
	{                        \
		s, sizeof(s) - 1 \
	}

static void expect(const struct http_access *a, enum log_format format, const char *line)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(access_log_format(a, format, (struct wall){1795000000123000000}, &b), 0);
	assert_int_equal(buf_add_u8(&b, 0), 0);
	assert_string_equal(buf_data(&b), line);
	buf_finish(&b);
}

TEST(a_request_is_one_line)
{
	struct http_access a = {
		.method = STR("GET"),
		.target = STR("/a?b=c"),
		.minor = 1,
		.status = 200,
		.client = "127.0.0.1:5312",
		.bytes = 13,
		.seconds = 0.00042,
	};

	expect(&a, LOG_FORMAT_TEXT, "127.0.0.1:5312 \"GET /a?b=c HTTP/1.1\" 200 13 0.4ms\n");
	expect(&a, LOG_FORMAT_JSON,
	       "{\"time\":\"2026-11-18T11:06:40.123Z\",\"level\":\"info\",\"name\":\"access\","
	       "\"client\":\"127.0.0.1:5312\",\"method\":\"GET\",\"target\":\"/a?b=c\","
	       "\"http\":\"1.1\",\"status\":200,\"bytes\":13,\"ms\":0.4}\n");
}

TEST(a_client_of_a_unix_socket_has_no_address)
{
	struct http_access a = {
		.method = STR("HEAD"), .target = STR("/"), .status = 304, .client = ""};

	expect(&a, LOG_FORMAT_TEXT, "- \"HEAD / HTTP/1.0\" 304 0 0.0ms\n");
}

TEST(a_target_cannot_forge_a_line)
{
	struct http_access a = {.method = STR("GET"),
				.target = STR("/\"\r\n\x1b\\\xe9"),
				.minor = 1,
				.status = 404};

	expect(&a, LOG_FORMAT_TEXT,
	       "- \"GET /\\x22\\x0d\\x0a\\x1b\\x5c\\xe9 HTTP/1.1\" 404 0 0.0ms\n");
	expect(&a, LOG_FORMAT_JSON,
	       "{\"time\":\"2026-11-18T11:06:40.123Z\",\"level\":\"info\",\"name\":\"access\","
	       "\"client\":\"\",\"method\":\"GET\",\"target\":\"/"
	       "\\\"\\r\\n\\u001b\\\\\xef\xbf\xbd\","
	       "\"http\":\"1.1\",\"status\":404,\"bytes\":0,\"ms\":0.0}\n");
}

TEST(numbers_are_written_in_full)
{
	struct http_access a = {
		.method = STR("GET"),
		.target = STR("/"),
		.minor = 1,
		.status = 206,
		.bytes = UINT64_MAX,
		.seconds = 12.34567,
	};

	expect(&a, LOG_FORMAT_TEXT, "- \"GET / HTTP/1.1\" 206 18446744073709551615 12345.7ms\n");
	a.seconds = -1;
	expect(&a, LOG_FORMAT_TEXT, "- \"GET / HTTP/1.1\" 206 18446744073709551615 0.0ms\n");
}

TEST(a_line_with_the_longest_target_still_fits_a_pipe)
{
	static char target[8000];
	struct http_access a = {.method = STR("GET"), .target = {target, sizeof(target)}};
	struct buf b;

	memset(target, 'x', sizeof(target));
	buf_init(&b, SIZE_MAX);
	assert_int_equal(access_log_format(&a, LOG_FORMAT_TEXT, (struct wall){0}, &b), 0);
	assert_true(buf_len(&b) < 4096);
	assert_non_null(memmem(buf_data(&b), buf_len(&b), "x... HTTP", 9));
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_line),
		cmocka_unit_test(a_client_of_a_unix_socket_has_no_address),
		cmocka_unit_test(a_target_cannot_forge_a_line),
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(a_line_with_the_longest_target_still_fits_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
