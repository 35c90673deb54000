/* Lines to a pipe that is read late, or never. */
#include "daemon/worker/line_output.h"

#include "common/fd.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct ev_loop *loop;
	struct line_output out;
	int ends[2];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	f->loop = ev_loop_new(EVFLAG_AUTO);
	if (!f->loop || pipe2(f->ends, O_CLOEXEC) < 0)
		return -1;
	line_output_init(&f->out, f->loop, f->ends[1]);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	line_output_finish(&f->out);
	fd_close(&f->ends[0]);
	fd_close(&f->ends[1]);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

/* A blocking write in here would be a test that hangs. */
static void turn(struct fixture *f)
{
	ev_run(f->loop, EVRUN_NOWAIT);
}

static void fill(struct fixture *f, const char *line, size_t times)
{
	for (size_t i = 0; i < times; i++)
		line_output_add(&f->out, line, strlen(line));
}

/* Reads everything there is, with turns of the loop between; returns the number of lines. */
static size_t read_lines(struct fixture *f)
{
	static char data[65536];
	size_t lines = 0;
	ssize_t n;

	assert_int_equal(fd_set_nonblock(f->ends[0], true), 0);
	while ((n = read(f->ends[0], data, sizeof(data))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += data[i] == '\n';
		turn(f);
	}
	return lines;
}

TEST(lines_of_one_turn_leave_together)
{
	struct fixture *f = *state;
	char data[64];

	fill(f, "one\n", 1);
	fill(f, "two\n", 1);
	assert_int_equal(fd_set_nonblock(f->ends[0], true), 0);
	assert_int_equal(read(f->ends[0], data, sizeof(data)), -1);
	turn(f);
	assert_int_equal(read(f->ends[0], data, sizeof(data)), 8);
	assert_memory_equal(data, "one\ntwo\n", 8);
}

TEST(a_full_pipe_delays_lines_and_loses_none)
{
	struct fixture *f = *state;

	fill(f, "a line of the log\n", 10000);
	turn(f);
	turn(f);
	assert_true(buf_len(&f->out.data) > 0);
	assert_int_equal(read_lines(f), 10000);
	assert_int_equal(line_output_take_dropped(&f->out), 0);
}

TEST(what_nobody_reads_is_dropped_and_counted)
{
	struct fixture *f = *state;
	size_t kept;

	for (int i = 0; i < 100; i++) {
		fill(f, "a line of the log\n", 1000);
		turn(f);
	}
	assert_true(buf_len(&f->out.data) <= LINE_OUTPUT_MAX);
	assert_int_equal(line_output_take_dropped(&f->out), 0); /* not while it is full */
	kept = read_lines(f);
	assert_true(kept >= LINE_OUTPUT_MAX / 18 && kept < 100000);
	assert_int_equal(line_output_take_dropped(&f->out), 100000 - kept);
	assert_int_equal(line_output_take_dropped(&f->out), 0);
}

TEST(a_pipe_without_a_reader_takes_everything_to_its_end)
{
	struct fixture *f = *state;

	fd_close(&f->ends[0]);
	fill(f, "lost\n", 3);
	turn(f);
	assert_int_equal(buf_len(&f->out.data), 0);
	assert_int_equal(line_output_take_dropped(&f->out), 3);
}

TEST(a_line_longer_than_a_pipe_buffer_arrives_whole)
{
	struct fixture *f = *state;
	char *line = malloc(3 * PIPE_BUF + 2);

	memset(line, 'x', 3 * PIPE_BUF);
	strcpy(line + 3 * PIPE_BUF, "\n");
	fill(f, line, 1);
	fill(f, "next\n", 1);
	turn(f);
	assert_int_equal(read_lines(f), 2);
	free(line);
}

TEST(finishing_writes_what_fits)
{
	struct fixture *f = *state;

	fill(f, "last words\n", 2);
	line_output_finish(&f->out);
	line_output_init(&f->out, f->loop, f->ends[1]);
	assert_int_equal(read_lines(f), 2);
}

#define WITH_SETUP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(lines_of_one_turn_leave_together),
		WITH_SETUP(a_full_pipe_delays_lines_and_loses_none),
		WITH_SETUP(what_nobody_reads_is_dropped_and_counted),
		WITH_SETUP(a_pipe_without_a_reader_takes_everything_to_its_end),
		WITH_SETUP(a_line_longer_than_a_pipe_buffer_arrives_whole),
		WITH_SETUP(finishing_writes_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
