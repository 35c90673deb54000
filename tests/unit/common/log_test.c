/* Lines as a sink gets them. */
#include "common/log.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct captured {
	char text[16 * 1024];
	size_t len;
	int lines;
};

static void capture(void *owner, const char *line, size_t len)
{
	struct captured *c = owner;

	assert_true(len < sizeof(c->text));
	memcpy(c->text, line, len);
	c->text[len] = '\0';
	c->len = len;
	c->lines++;
}

static void start(struct captured *c, enum log_level level, enum log_format format)
{
	*c = (struct captured){0};
	log_init("testd", level, format);
	log_set_sink(capture, c, false);
}

/* What follows the time: "2026-11-23T00:48:15.123Z ". */
static const char *after_time(const struct captured *c)
{
	assert_int_equal(c->text[23], 'Z');
	return c->text + 25;
}

TEST(a_text_line_has_time_level_name_and_message)
{
	struct captured c;

	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("watching \"%s\"", "src");
	assert_string_equal(after_time(&c), "info testd: watching \"src\"\n");
}

TEST(levels_below_the_chosen_one_are_silent)
{
	struct captured c;

	start(&c, LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	log_info("no");
	log_debug("no");
	assert_int_equal(c.lines, 0);
	assert_false(log_enabled(LOG_LEVEL_INFO));
	log_warn("yes");
	log_error("yes");
	assert_int_equal(c.lines, 2);
}

TEST(an_error_number_is_named_whatever_its_sign_and_errno_stays)
{
	struct captured c;

	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	errno = EINTR;
	log_error_errno(-ENOENT, "open \"x\"");
	assert_string_equal(after_time(&c), "error testd: open \"x\": No such file or directory\n");
	log_warn_errno(ENOENT, "open");
	assert_string_equal(after_time(&c), "warn testd: open: No such file or directory\n");
	assert_int_equal(errno, EINTR);
}

TEST(control_characters_cannot_forge_lines_or_drive_a_terminal)
{
	struct captured c;

	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("a\nb\033[2J\x7f\xff caf\xc3\xa9");
	assert_string_equal(after_time(&c), "info testd: a\\x0ab\\x1b[2J\\x7f\\xff caf\xc3\xa9\n");
	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("\xc2\x9b"
		 "2J \xc2\xa0");
	assert_string_equal(after_time(&c), "info testd: \\u009b2J \xc2\xa0\n");
}

TEST(a_json_line_is_one_object_of_valid_utf_8)
{
	struct captured c;

	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("say \"hi\\\" \n\xc3\xa9 \xc3( \xed\xa0\x80");
	assert_non_null(strstr(c.text, "{\"time\":\"20"));
	assert_non_null(strstr(c.text, "\",\"level\":\"info\",\"name\":\"testd\","
				       "\"message\":\"say \\\"hi\\\\\\\" \\u000a\xc3\xa9 "
				       "\\ufffd( \\ufffd\\ufffd\\ufffd\"}\n"));
}

TEST(a_line_that_is_too_long_is_cut_and_still_ends_well)
{
	static char text[20000];
	struct captured c;

	memset(text, '"', sizeof(text) - 1);
	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("%s", text);
	assert_string_equal(c.text + c.len - 8, "\\\"...\"}\n");
	start(&c, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_error_errno(ENOENT, "%s", text);
	assert_string_equal(c.text + c.len - 5, "\"...\n");
}

TEST(names_of_levels_and_formats_are_parsed)
{
	enum log_level level = LOG_LEVEL_INFO;
	enum log_format format = LOG_FORMAT_TEXT;

	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("loud", &level), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_format_parse("json", &format), 0);
	assert_int_equal(format, LOG_FORMAT_JSON);
	assert_int_equal(log_format_parse("xml", &format), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_line_has_time_level_name_and_message),
		cmocka_unit_test(levels_below_the_chosen_one_are_silent),
		cmocka_unit_test(an_error_number_is_named_whatever_its_sign_and_errno_stays),
		cmocka_unit_test(control_characters_cannot_forge_lines_or_drive_a_terminal),
		cmocka_unit_test(a_json_line_is_one_object_of_valid_utf_8),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_ends_well),
		cmocka_unit_test(names_of_levels_and_formats_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
