/* Workers' output: whole lines with marks, prompts at once, nothing lost silently when nobody reads. */
#include "daemon/master/output.h"
#include "tests/support/unit.h"

#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct ev_loop *loop;
	struct logbook *book;
	struct output *output;
	int out[2];
	int err[2];
	struct output_source source;
	char read[512 * 1024];
};

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->loop = ev_loop_new(EVFLAG_NOENV);
	f->book = logbook_create();
	assert_int_equal(pipe2(f->out, O_NONBLOCK), 0);
	assert_int_equal(pipe2(f->err, O_NONBLOCK), 0);
	f->output = output_create(f->loop, f->book, f->out[1], f->err[1]);
	assert_non_null(f->output);
	output_source_init(&f->source, 7, 0, LOG_STDERR);
}

static void teardown(struct fixture *f)
{
	output_source_finish(&f->source);
	output_destroy(f->output);
	logbook_destroy(f->book);
	ev_loop_destroy(f->loop);
	for (int i = 0; i < 2; i++) {
		close(f->out[i]);
		close(f->err[i]);
	}
}

static void feed(struct fixture *f, const char *text)
{
	output_feed(f->output, &f->source, text, strlen(text));
}

static const char *shown(struct fixture *f)
{
	ssize_t n = read(f->err[0], f->read, sizeof(f->read) - 1);

	f->read[n > 0 ? n : 0] = '\0';
	return f->read;
}

TEST(lines_are_marked_with_generation_and_slot)
{
	struct fixture f;

	setup(&f);
	feed(&f, "one\ntw");
	assert_string_equal(shown(&f), "7.0 | one\n");
	feed(&f, "o\n");
	assert_string_equal(shown(&f), "7.0 | two\n");
	teardown(&f);
}

TEST(a_prompt_is_shown_at_once_to_one_worker_s_user)
{
	struct fixture f;

	setup(&f);
	output_set_interactive(f.output, true);
	feed(&f, "(Pdb) ");
	assert_string_equal(shown(&f), "7.0 | (Pdb) ");
	feed(&f, "x\n");
	assert_string_equal(shown(&f), "x\n");
	teardown(&f);
}

TEST(a_log_line_does_not_run_into_a_prompt)
{
	struct fixture f;

	setup(&f);
	output_set_interactive(f.output, true);
	feed(&f, "(Pdb) ");
	output_log(f.output, "blackbulld: hello\n", 18);
	assert_string_equal(shown(&f), "7.0 | (Pdb) \nblackbulld: hello\n");
	teardown(&f);
}

TEST(the_last_line_needs_no_newline)
{
	struct fixture f;

	setup(&f);
	feed(&f, "Segmentation fault");
	assert_string_equal(shown(&f), "");
	output_end(f.output, &f.source);
	assert_string_equal(shown(&f), "7.0 | Segmentation fault\n");
	teardown(&f);
}

TEST(the_build_command_has_a_mark_of_its_own)
{
	struct fixture f;

	setup(&f);
	f.source.slot = OUTPUT_SLOT_BUILD;
	feed(&f, "compiling\n");
	assert_string_equal(shown(&f), "7.build | compiling\n");
	teardown(&f);
}

TEST(what_a_full_pipe_cannot_take_waits_and_then_is_counted)
{
	char line[1001], expected[64];
	struct fixture f;
	size_t total = 0;

	setup(&f);
	memset(line, 'x', sizeof(line) - 2);
	line[999] = '\n';
	line[1000] = '\0';
	for (int i = 0; i < 1000; i++)
		feed(&f, line);
	/* Reading makes room; the loop writes on until nothing is left. */
	for (;;) {
		size_t n = strlen(shown(&f));

		if (n == 0)
			break;
		total += n;
		ev_run(f.loop, EVRUN_NOWAIT);
	}
	assert_true(total > 256 * 1024 && total < 400 * 1024);
	feed(&f, "after\n");
	snprintf(expected, sizeof(expected),
		 "lines dropped, the reader is too slow\n7.0 | after\n");
	assert_non_null(strstr(shown(&f), expected));
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_marked_with_generation_and_slot),
		cmocka_unit_test(a_prompt_is_shown_at_once_to_one_worker_s_user),
		cmocka_unit_test(a_log_line_does_not_run_into_a_prompt),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(the_build_command_has_a_mark_of_its_own),
		cmocka_unit_test(what_a_full_pipe_cannot_take_waits_and_then_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
