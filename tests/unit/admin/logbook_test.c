/* The logbook: the last lines of workers, by worker and generation. */
#include "daemon/master/logbook.h"

#include "daemon/master/handoff.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct logbook *b, uint64_t generation, enum log_stream stream, const char *line)
{
	logbook_add(b, generation, 0, stream, line, strlen(line));
}

static const char *text_at(const json_t *lines, size_t i)
{
	return json_string_value(json_object_get(json_array_get(lines, i), "line"));
}

TEST(a_line_carries_who_wrote_it)
{
	struct logbook *b = logbook_create();

	logbook_add(b, 7, 2, LOG_STDERR, "oops", 4);

	json_t *lines = logbook_lines(b, 0, 0, 10);
	json_t *line = json_array_get(lines, 0);

	assert_int_equal(json_integer_value(json_object_get(line, "seq")), 1);
	assert_int_equal(json_integer_value(json_object_get(line, "generation")), 7);
	assert_int_equal(json_integer_value(json_object_get(line, "worker")), 2);
	assert_string_equal(json_string_value(json_object_get(line, "stream")), "stderr");
	assert_string_equal(json_string_value(json_object_get(line, "line")), "oops");
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(lines);
	logbook_destroy(b);
}

TEST(the_last_lines_are_given_by_number_generation_and_count)
{
	static const struct {
		uint64_t since;
		uint64_t generation;
		size_t max;
		const char *expected;
	} cases[] = {
		{0, 0, 10, "a b c d e"}, {0, 0, 2, "d e"}, {3, 0, 10, "d e"}, {0, 1, 10, "a c"},
		{0, 2, 1, "e"},		 {5, 0, 10, ""},   {9, 0, 10, ""},    {0, 0, 0, ""},
		{0, 3, 10, ""},		 {1, 1, 10, "c"},
	};
	struct logbook *b = logbook_create();

	add(b, 1, LOG_STDOUT, "a");
	add(b, 2, LOG_STDOUT, "b");
	add(b, 1, LOG_STDERR, "c");
	add(b, 2, LOG_STDOUT, "d");
	add(b, 2, LOG_STDERR, "e");
	assert_int_equal(logbook_last_seq(b), 5);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *lines = logbook_lines(b, cases[i].since, cases[i].generation, cases[i].max);
		char text[64] = "";

		for (size_t n = 0; n < json_array_size(lines); n++) {
			strcat(text, n ? " " : "");
			strcat(text, text_at(lines, n));
		}
		assert_string_equal(text, cases[i].expected);
		json_decref(lines);
	}
	logbook_destroy(b);
}

TEST(the_tail_is_the_end_of_stderr_of_one_generation)
{
	struct logbook *b = logbook_create();

	add(b, 1, LOG_STDERR, "other");
	add(b, 2, LOG_STDERR, "first");
	add(b, 2, LOG_STDOUT, "not an error");
	add(b, 2, LOG_STDERR,
	    "se\xff"
	    "cond");
	add(b, 2, LOG_STDERR, "");
	add(b, 2, LOG_STDERR, "third");

	char *tail = logbook_tail(b, 2, 3);

	assert_string_equal(tail, "se\xef\xbf\xbd"
				  "cond\n\nthird");
	free(tail);
	assert_null(logbook_tail(b, 3, 3));
	logbook_destroy(b);
}

TEST(old_lines_make_room_and_numbers_go_on)
{
	struct logbook *b = logbook_create();
	char line[1000];

	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 2000; i++)
		logbook_add(b, 1, 0, LOG_STDOUT, line, sizeof(line));

	json_t *lines = logbook_lines(b, 0, 0, SIZE_MAX);
	size_t n = json_array_size(lines);

	assert_in_range(n, 200, LOGBOOK_BYTES / sizeof(line));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, n - 1), "seq")),
			 2000);
	json_decref(lines);
	logbook_destroy(b);
}

TEST(a_very_long_line_is_cut)
{
	struct logbook *b = logbook_create();
	char *line = malloc(100000);

	memset(line, 'x', 100000);
	logbook_add(b, 1, 0, LOG_STDOUT, line, 100000);

	json_t *lines = logbook_lines(b, 0, 0, 1);

	assert_int_equal(strlen(text_at(lines, 0)), 8 * 1024);
	json_decref(lines);
	free(line);
	logbook_destroy(b);
}

TEST(the_next_image_has_the_same_lines)
{
	struct logbook *b = logbook_create(), *next = logbook_create();
	struct handoff_fds fds = {0};
	json_t *saved;
	int copy;

	for (int i = 0; i < 10000; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d \xff", i);
		add(b, (uint64_t)i % 3, i % 2 ? LOG_STDOUT : LOG_STDERR, line);
	}
	saved = logbook_save(b, &fds);
	copy = dup(fds.fd[0]);
	fds.fd[0] = copy;
	json_object_set_new(saved, "fd", json_integer(copy));
	assert_int_equal(logbook_restore(next, saved, &fds), 0);

	json_t *before = logbook_lines(b, 0, 0, SIZE_MAX);
	json_t *after = logbook_lines(next, 0, 0, SIZE_MAX);

	assert_in_range(json_array_size(after), 1000, 10000);
	assert_true(json_equal(before, after));
	assert_int_equal(logbook_last_seq(next), 10000);
	json_decref(before);
	json_decref(after);
	json_decref(saved);
	handoff_fds_finish(&fds, true);
	logbook_destroy(b);
	logbook_destroy(next);
}

TEST(numbers_go_on_when_no_line_is_left)
{
	struct logbook *b = logbook_create();
	struct handoff_fds fds = {0};
	json_t *saved = json_pack("{s:i}", "last", 5);

	assert_int_equal(logbook_restore(b, saved, &fds), 0);
	add(b, 1, LOG_STDOUT, "next");
	assert_int_equal(logbook_last_seq(b), 6);
	json_decref(saved);
	logbook_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_carries_who_wrote_it),
		cmocka_unit_test(the_last_lines_are_given_by_number_generation_and_count),
		cmocka_unit_test(the_tail_is_the_end_of_stderr_of_one_generation),
		cmocka_unit_test(old_lines_make_room_and_numbers_go_on),
		cmocka_unit_test(a_very_long_line_is_cut),
		cmocka_unit_test(the_next_image_has_the_same_lines),
		cmocka_unit_test(numbers_go_on_when_no_line_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
