/* The history file: what is in it after anything that can happen to a daemon or a disk. */
#include "daemon/master/history.h"

#include "common/fd.h"
#include "daemon/master/generation.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct temp_dir dir;

static int make_dir(void **state BB_UNUSED)
{
	temp_dir_make(&dir);
	return 0;
}

static int remove_dir(void **state BB_UNUSED)
{
	temp_dir_remove(&dir);
	return 0;
}

static struct history *open_history(void)
{
	struct history *h;

	assert_int_equal(history_open(&h, dir.path), 0);
	return h;
}

/* A generation that went as far as `state`. */
static void record(struct history *h, uint64_t number, enum gen_state state)
{
	struct generation *g = generation_create(number, GEN_CHANGE, mono_now());

	assert_non_null(g);
	g->state = state;
	if (state == GEN_FAILED)
		generation_set_error(g, "import", "SyntaxError: invalid {syntax", "/src/main.py", 3,
				     "Traceback \"}\n  …");
	history_record(h, g);
	generation_destroy(g);
}

static const char *state_of(struct history *h, uint64_t number, char out[32])
{
	json_t *g = history_find(h, number);
	const char *state = json_string_value(json_object_get(g, "state"));

	snprintf(out, 32, "%s", state ? state : "-");
	json_decref(g);
	return out;
}

static void append_to_file(const char *text)
{
	int fd = open(temp_dir_file(&dir, "history.jsonl"),
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
	fd_close(&fd);
}

static size_t lines_in_file(void)
{
	char *data;
	size_t len, n = 0;

	assert_int_equal(
		fd_read_file(temp_dir_file(&dir, "history.jsonl"), SIZE_MAX / 2, &data, &len), 0);
	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n';
	free(data);
	return n;
}

TEST(what_was_recorded_is_there_after_a_restart)
{
	struct history *h = open_history();
	char text[32];

	assert_int_equal(history_last_number(h), 0);
	record(h, 1, GEN_SERVING);
	record(h, 2, GEN_FAILED);
	record(h, 1, GEN_RETIRED);
	history_close(h);

	h = open_history();
	assert_int_equal(history_last_number(h), 2);
	assert_string_equal(state_of(h, 1, text), "retired");
	assert_string_equal(state_of(h, 2, text), "failed");
	assert_string_equal(state_of(h, 3, text), "-");

	json_t *list = history_list(h);

	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "number")), 1);
	json_decref(list);
	history_close(h);
}

TEST(the_file_is_for_its_owner_alone)
{
	struct stat st;

	history_close(open_history());
	assert_int_equal(stat(temp_dir_file(&dir, "history.jsonl"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

TEST(without_a_folder_it_is_kept_in_memory)
{
	struct history *h;
	char text[32];

	assert_int_equal(history_open(&h, NULL), 0);
	record(h, 1, GEN_SERVING);
	assert_string_equal(state_of(h, 1, text), "serving");
	history_close(h);
}

TEST(a_line_torn_at_any_byte_costs_that_line_alone)
{
	static const char line[] =
		"{\"number\":3,\"state\":\"failed\",\"error\":{\"detail\":\"a \\\"}\\\" {\"}}";
	char text[32];

	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		char torn[sizeof(line)];
		struct history *h;

		unlink(temp_dir_file(&dir, "history.jsonl"));
		h = open_history();
		record(h, 2, GEN_SERVING);
		history_close(h);
		snprintf(torn, sizeof(torn), "%.*s", (int)len, line);
		append_to_file(torn);

		h = open_history();
		assert_int_equal(history_last_number(h), 2);
		record(h, 4, GEN_SERVING);
		history_close(h);

		h = open_history();
		assert_int_equal(history_last_number(h), 4);
		assert_string_equal(state_of(h, 2, text), "serving");
		assert_string_equal(state_of(h, 3, text), "-");
		assert_string_equal(state_of(h, 4, text), "serving");
		history_close(h);
	}
}

TEST(lines_of_something_else_are_passed_over)
{
	static const char *const lines[] = {
		"\n",
		"garbage\n",
		"{\"number\":\n",
		"{\"number\":0}\n",
		"{\"number\":-4}\n",
		"{\"number\":99999999999999999999999}\n",
		"{\"number\":5}}\n",
		"{\"number\":6\x01}\n",
		"[1]\n",
		"{\"number\":7,\"state\":\"served\"}\n",
	};
	struct history *h;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		append_to_file(lines[i]);
	h = open_history();
	assert_int_equal(history_last_number(h), 7);

	json_t *list = history_list(h);

	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	history_close(h);
}

TEST(the_last_thousand_are_kept_and_the_file_stays_bounded)
{
	struct history *h = open_history();
	char text[32];

	for (uint64_t n = 1; n <= 5000; n++) {
		record(h, n, GEN_SERVING);
		record(h, n, GEN_RETIRED);
		assert_true(lines_in_file() <= 2 * HISTORY_KEPT);
	}
	assert_string_equal(state_of(h, 4000, text), "-");
	assert_string_equal(state_of(h, 4001, text), "retired");
	history_close(h);

	h = open_history();

	json_t *list = history_list(h);

	assert_int_equal(json_array_size(list), HISTORY_KEPT);
	assert_int_equal(history_last_number(h), 5000);
	json_decref(list);
	history_close(h);
}

TEST(numbers_that_arrive_out_of_order_are_listed_in_order)
{
	struct history *h = open_history();

	record(h, 5, GEN_SERVING);
	record(h, 3, GEN_FAILED);
	record(h, 4, GEN_FAILED);
	history_close(h);
	h = open_history();

	json_t *list = history_list(h);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(list, i), "number")),
			3 + i);
	json_decref(list);
	history_close(h);
}

TEST(a_full_disk_does_not_lose_what_comes_after_it)
{
	const struct rlimit small = {.rlim_cur = 2000, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	struct history *h = open_history();
	char text[32];

	/* A file-size limit tears a write just as a full disk does. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (uint64_t n = 1; n <= 20; n++)
		record(h, n, GEN_SERVING);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(state_of(h, 20, text), "serving");
	record(h, 21, GEN_SERVING);
	history_close(h);

	h = open_history();
	assert_string_equal(state_of(h, 1, text), "serving");
	assert_string_equal(state_of(h, 20, text), "-");
	assert_string_equal(state_of(h, 21, text), "serving");
	history_close(h);
}

/* Records for ever; is killed. */
static void run_child(int ready)
{
	struct history *h;

	if (history_open(&h, dir.path) < 0)
		_exit(1);
	for (uint64_t n = history_last_number(h) + 1;; n++) {
		record(h, n, GEN_SERVING);
		record(h, n, n % 3 ? GEN_RETIRED : GEN_FAILED);
		(void)!write(ready, "x", 1);
	}
}

TEST(a_kill_at_any_moment_leaves_a_history_that_can_be_read)
{
	uint64_t last = 0;

	for (int round = 0; round < 100; round++) {
		int pipe_fds[2];
		char x[64];

		assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);

		pid_t child = fork();

		if (child == 0)
			run_child(pipe_fds[1]);
		assert_int_equal(fd_read_full(pipe_fds[0], x, (size_t)(1 + round % 60)), 0);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		fd_close(&pipe_fds[0]);
		fd_close(&pipe_fds[1]);

		struct history *h = open_history();
		json_t *list = history_list(h);
		size_t n = json_array_size(list);

		assert_true(history_last_number(h) > last);
		last = history_last_number(h);
		assert_int_equal(n, last < HISTORY_KEPT ? last : HISTORY_KEPT);
		json_decref(list);
		history_close(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
		IN_DIR(what_was_recorded_is_there_after_a_restart),
		IN_DIR(the_file_is_for_its_owner_alone),
		IN_DIR(without_a_folder_it_is_kept_in_memory),
		IN_DIR(a_line_torn_at_any_byte_costs_that_line_alone),
		IN_DIR(lines_of_something_else_are_passed_over),
		IN_DIR(the_last_thousand_are_kept_and_the_file_stays_bounded),
		IN_DIR(numbers_that_arrive_out_of_order_are_listed_in_order),
		IN_DIR(a_full_disk_does_not_lose_what_comes_after_it),
		IN_DIR(a_kill_at_any_moment_leaves_a_history_that_can_be_read),
#undef IN_DIR
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
