/* The error of a generation, for browsers, terminals and programs. */
#include "daemon/worker/error_report.h"

#include "tests/support/unit.h"

#include <string.h>

TEST(the_client_chooses_the_format)
{
	static const struct {
		const char *accept;
		enum report_format format;
	} cases[] = {
		{"", REPORT_TEXT},
		{"*/*", REPORT_TEXT},
		{"text/*", REPORT_TEXT},
		{"text/html", REPORT_HTML},
		{"TEXT/HTML ; level=1", REPORT_HTML},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", REPORT_HTML},
		{"application/json", REPORT_JSON},
		{"application/json, text/plain, */*", REPORT_JSON},
		{"text/plain, application/json;q=0.5", REPORT_TEXT},
		{"application/json;q=0.9, text/html;q=0.8", REPORT_JSON},
		{"application/json;q=0.8, text/html;q=0.9", REPORT_HTML},
		{"text/html;q=0", REPORT_TEXT},
		{"text/html;q=0.0, application/json;q=0.001", REPORT_JSON},
		{"text/htmlx", REPORT_TEXT},
		{" , ;, text/html;", REPORT_HTML},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(report_format_choose(cases[i].accept, strlen(cases[i].accept)),
				 cases[i].format);
}

static char *render(const struct error_report *r, enum report_format f, struct buf *b)
{
	buf_init(b, SIZE_MAX);
	assert_int_equal(error_report_render(r, f, b), 0);
	assert_int_equal(buf_add_u8(b, 0), 0);
	return buf_data(b);
}

static const struct error_report sample = {
	.generation = 7,
	.stage = "import",
	.message = "NameError: name '<script>' is \"bad\"",
	.file = "/srv/a&b.py",
	.line = 12,
	.detail = "Traceback:\n  File \"x\"\n</pre><script>alert(1)</script>",
};

TEST(the_page_shows_everything_and_runs_nothing)
{
	struct buf b;
	const char *page = render(&sample, REPORT_HTML, &b);

	assert_non_null(
		strstr(page, "NameError: name &#39;&lt;script&gt;&#39; is &quot;bad&quot;"));
	assert_non_null(strstr(page, "/srv/a&amp;b.py:12"));
	assert_non_null(strstr(page, "Traceback:\n  File &quot;x&quot;\n&lt;/pre&gt;&lt;script"));
	assert_non_null(strstr(page, "Generation 7 failed at: import"));
	assert_non_null(strstr(page, "prefers-color-scheme: dark"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "refresh\""));
	buf_finish(&b);
}

TEST(the_text_is_what_a_terminal_shows)
{
	struct buf b;

	assert_string_equal(render(&sample, REPORT_TEXT, &b),
			    "generation 7 failed at: import\n\n"
			    "NameError: name '<script>' is \"bad\"\n"
			    "/srv/a&b.py:12\n\n"
			    "Traceback:\n  File \"x\"\n</pre><script>alert(1)</script>\n\n"
			    "Save a fix, and the next answer comes from it.\n");
	buf_finish(&b);
}

TEST(json_has_every_key_even_when_nothing_is_known)
{
	const struct error_report empty = {.generation = 2};
	struct buf b;

	assert_string_equal(render(&empty, REPORT_JSON, &b),
			    "{\"generation\":2,\"error\":{\"stage\":null,\"message\":null,"
			    "\"file\":null,\"detail\":null,\"line\":null}}\n");
	buf_finish(&b);
	assert_non_null(strstr(render(&sample, REPORT_JSON, &b),
			       "\"message\":\"NameError: name '<script>' is \\\"bad\\\"\""));
	buf_finish(&b);
}

TEST(an_error_of_which_little_is_known_is_readable)
{
	const struct error_report r = {.generation = 3, .message = "exited with status 1"};
	struct buf b;

	assert_string_equal(render(&r, REPORT_TEXT, &b),
			    "generation 3 failed\n\nexited with status 1\n\n"
			    "Save a fix, and the next answer comes from it.\n");
	buf_finish(&b);
	assert_non_null(strstr(render(&r, REPORT_HTML, &b), "Generation 3 failed. Save"));
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_chooses_the_format),
		cmocka_unit_test(the_page_shows_everything_and_runs_nothing),
		cmocka_unit_test(the_text_is_what_a_terminal_shows),
		cmocka_unit_test(json_has_every_key_even_when_nothing_is_known),
		cmocka_unit_test(an_error_of_which_little_is_known_is_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
