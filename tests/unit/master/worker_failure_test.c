/* A process that ended too early: the status in words, and the place that its last words name. */
#include "daemon/master/worker_failure.h"
#include "tests/support/unit.h"

#include <signal.h>
#include <string.h>

#define EXITED(status) ((status) << 8) /* as waitpid(2) encodes it */

TEST(a_status_is_said_in_words)
{
	char out[96];

	assert_string_equal(worker_failure_describe(EXITED(3), out, sizeof(out)), "exit status 3");
	assert_string_equal(worker_failure_describe(SIGSEGV, out, sizeof(out)),
			    "killed by signal 11 (Segmentation fault)");
}

TEST(the_innermost_frame_of_a_python_traceback_is_the_place)
{
	struct worker_error e;

	assert_int_equal(worker_failure_make(EXITED(1),
					     "Traceback (most recent call last):\n"
					     "  File \"/usr/bin/uvicorn\", line 8, in <module>\n"
					     "  File \"/src/main.py\", line 3, in <module>\n"
					     "    import nothing\n"
					     "ModuleNotFoundError: No module named 'nothing'",
					     &e),
			 0);
	assert_string_equal(e.stage, "boot");
	assert_string_equal(e.file, "/src/main.py");
	assert_int_equal(e.line, 3);
	assert_string_equal(e.message,
			    "ModuleNotFoundError: No module named 'nothing' (exit status 1)");
	worker_error_finish(&e);
}

TEST(node_names_the_place_first)
{
	struct worker_error e;

	assert_int_equal(worker_failure_make(EXITED(1),
					     "file:///src/server.mjs:12\n"
					     "  foo(;\n      ^\n\n"
					     "SyntaxError: Unexpected token ';'\n"
					     "    at internal (node:internal/modules:1:2)\n",
					     &e),
			 0);
	assert_string_equal(e.file, "/src/server.mjs");
	assert_int_equal(e.line, 12);
	assert_string_equal(e.message, "SyntaxError: Unexpected token ';' (exit status 1)");
	worker_error_finish(&e);
}

TEST(a_last_line_without_end_is_no_message)
{
	struct worker_error e;
	char line[64 * 1024];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(worker_failure_make(EXITED(1), line, &e), 0);
	assert_true(strlen(e.message) < 600);
	assert_string_equal(e.detail, line);
	worker_error_finish(&e);
}

TEST(silence_is_an_error_too)
{
	struct worker_error e;

	assert_int_equal(worker_failure_make(SIGKILL, NULL, &e), 0);
	assert_null(e.file);
	assert_null(e.detail);
	assert_string_equal(e.message,
			    "the worker ended before it was ready (killed by signal 9 (Killed))");
	worker_error_finish(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_said_in_words),
		cmocka_unit_test(the_innermost_frame_of_a_python_traceback_is_the_place),
		cmocka_unit_test(node_names_the_place_first),
		cmocka_unit_test(a_last_line_without_end_is_no_message),
		cmocka_unit_test(silence_is_an_error_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
