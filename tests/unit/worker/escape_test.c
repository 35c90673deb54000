/* Bytes of unknown origin in pages, JSON, addresses and logs. */
#include "daemon/worker/escape.h"

#include "tests/support/unit.h"

#include <string.h>

typedef int escape_fn(struct buf *out, const char *s, size_t len);

static int escape_segment(struct buf *out, const char *s, size_t len)
{
	return escape_path(out, s, len, false);
}

static int escape_whole_path(struct buf *out, const char *s, size_t len)
{
	return escape_path(out, s, len, true);
}

static void expect(escape_fn *escape, const char *in, const char *out)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(escape(&b, in, strlen(in)), 0);
	assert_int_equal(buf_add_u8(&b, 0), 0);
	assert_string_equal(buf_data(&b), out);
	buf_finish(&b);
}

TEST(html_cannot_be_broken_out_of)
{
	expect(escape_html, "<a href=\"x\" id='y'>&</a>",
	       "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
	expect(escape_html, "two\nlines\tand é", "two\nlines\tand é");
	expect(escape_html, "bell\a", "bell\xef\xbf\xbd");
}

TEST(json_is_always_valid)
{
	expect(escape_json, "a\"b\\c\nd\te\rf\x01g\x7f", "a\\\"b\\\\c\\nd\\te\\rf\\u0001g\\u007f");
	expect(escape_json, "é 漢 😀", "é 漢 😀");
}

/* Each byte that belongs to no character is replaced by one U+FFFD. */
TEST(bytes_that_are_no_utf8_are_replaced)
{
	static const struct {
		const char *bytes;
		int replaced;
	} cases[] = {{"\xff", 1},
		     {"\x80", 1},
		     {"\xc3", 1},
		     {"\xc0\xaf", 2},
		     {"\xe0\x80\x80", 3},
		     {"\xed\xa0\x80", 3},
		     {"\xf0\x9f\x98", 3},
		     {"\xf4\x90\x80\x80", 4},
		     {"\xf8\x88\x80\x80\x80", 5}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char expected[64] = "";

		for (int n = 0; n < cases[i].replaced; n++)
			strcat(expected, "\xef\xbf\xbd");
		expect(escape_html, cases[i].bytes, expected);
		expect(escape_json, cases[i].bytes, expected);
	}
}

TEST(a_name_is_no_scheme_host_or_query)
{
	expect(escape_segment, "javascript:alert(1)", "javascript%3Aalert%281%29");
	expect(escape_segment, "a/b?c#d%41 e\\\n\xff", "a%2Fb%3Fc%23d%2541%20e%5C%0A%FF");
	expect(escape_segment, "Az09-._~", "Az09-._~");
	expect(escape_whole_path, "a/b c", "a/b%20c");
}

TEST(a_line_of_the_log_stays_one_line)
{
	expect(escape_log, "/a\r\nb\"c\\d\x1b[31m\xc3\xa9",
	       "/a\\x0d\\x0ab\\x22c\\x5cd\\x1b[31m\\xc3\\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_cannot_be_broken_out_of),
		cmocka_unit_test(json_is_always_valid),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(a_name_is_no_scheme_host_or_query),
		cmocka_unit_test(a_line_of_the_log_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
