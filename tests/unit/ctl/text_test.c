/* Values as people read them. */
#include "ctl/text.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct style plain = {.width = 80, .cwd = "/home/me"};

TEST(durations_have_two_significant_parts_at_most)
{
	static const struct {
		double ms;
		const char *text;
	} rows[] = {
		{-5, "0.0 ms"},		{0, "0.0 ms"},		{0.42, "0.4 ms"},
		{9.94, "9.9 ms"},	{9.96, "10 ms"},	{23, "23 ms"},
		{999.4, "999 ms"},	{999.6, "1.0 s"},	{9949, "9.9 s"},
		{9951, "10 s"},		{59499, "59 s"},	{59501, "1 min"},
		{119999, "1 min"},	{120000, "2 min"},	{3599999, "59 min"},
		{3600000, "1 h 0 min"}, {7500000, "2 h 5 min"}, {86399999, "23 h 59 min"},
		{86400000, "1 d 0 h"},	{356400000, "4 d 3 h"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[TEXT_LEN];

		assert_string_equal(text_duration(text, rows[i].ms), rows[i].text);
	}
}

TEST(sizes_have_three_digits_at_most)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KB"},
		{10 * 1024, "10 KB"},
		{1000 * 1024, "1.0 MB"},
		{25 * 1048576, "25 MB"},
		{1300000000, "1.2 GB"},
		{UINT64_MAX, "16 EB"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[TEXT_LEN];

		assert_string_equal(text_bytes(text, rows[i].bytes), rows[i].text);
	}
}

TEST(times_of_today_need_no_date)
{
	char text[TEXT_LEN];
	struct wall now;

	assert_int_equal(setenv("TZ", "TST-2", 1), 0);
	tzset();
	assert_int_equal(wall_parse("2026-11-23T12:00:00.000Z", &now), 0);
	assert_string_equal(text_time(text, "2026-11-23T00:48:15.123Z", now), "02:48:15");
	assert_string_equal(text_time(text, "2026-11-22T22:00:00.000Z", now), "00:00:00");
	assert_string_equal(text_time(text, "2026-11-22T21:59:59.000Z", now),
			    "2026-11-22 23:59:59");
	assert_string_equal(text_time(text, "2025-11-23T00:48:15.123Z", now),
			    "2025-11-23 02:48:15");
	assert_string_equal(text_time(text, "yesterday", now), "-");
	assert_string_equal(text_time(text, NULL, now), "-");
}

static char *path_text(const char *path, const struct style *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	text_put_path(out, s, path);
	fclose(out);
	return text;
}

TEST(paths_below_the_current_directory_are_relative_and_harmless)
{
	static const struct {
		const char *path;
		const char *text;
	} rows[] = {
		{"/home/me/src/app.py", "src/app.py"},
		{"/home/me", "."},
		{"/home/men/x", "/home/men/x"},
		{"/etc/x", "/etc/x"},
		{"/home/me/a\033[2J\n\x7f", "a\\x1b[2J\\x0a\\x7f"},
		{"/home/me/caf\xc3\xa9", "caf\xc3\xa9"},
		{"", ""},
	};
	static const struct style nowhere = {.cwd = ""}, top = {.cwd = "/"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = path_text(rows[i].path, &plain);

		assert_string_equal(text, rows[i].text);
		free(text);
	}

	char *a = path_text("/x", &nowhere), *b = path_text("/x", &top);

	assert_string_equal(a, "/x");
	assert_string_equal(b, "/x");
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_two_significant_parts_at_most),
		cmocka_unit_test(sizes_have_three_digits_at_most),
		cmocka_unit_test(times_of_today_need_no_date),
		cmocka_unit_test(paths_below_the_current_directory_are_relative_and_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
