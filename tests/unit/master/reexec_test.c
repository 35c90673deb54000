/* Finding our own program again, and taking the state that an image left. */
#include "daemon/master/reexec.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

TEST(a_name_is_looked_up_in_path_as_the_shell_did)
{
	char *path;

	setenv("PATH", "/nonexistent:/bin:/usr/bin", 1);
	path = reexec_resolve("sh");
	assert_string_equal(path, "/bin/sh");
	free(path);
	assert_null(reexec_resolve("no-such-program-anywhere"));
}

TEST(a_relative_path_becomes_absolute_and_a_link_stays_a_link)
{
	char cwd[PATH_MAX], dir[] = "/tmp/bb-reexec-XXXXXX", expected[PATH_MAX];
	char *path;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(symlink("/bin/sh", "current"), 0);
	path = reexec_resolve("./current");
	snprintf(expected, sizeof(expected), "%s/./current", dir);
	assert_string_equal(path, expected);
	free(path);
	path = reexec_resolve("/bin/../bin/sh");
	assert_string_equal(path, "/bin/../bin/sh");
	free(path);
	assert_int_equal(unlink("current"), 0);
	assert_int_equal(chdir(cwd), 0);
	assert_int_equal(rmdir(dir), 0);
}

TEST(a_first_boot_has_no_state)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	unsetenv(REEXEC_ENV);
	assert_false(reexec_resuming());
	assert_int_equal(reexec_take_state(&b), -ENOENT);
	buf_finish(&b);
}

TEST(a_state_is_read_once_and_leaves_the_environment)
{
	int fd = memfd_create("state", 0);
	char number[16];
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(write(fd, "hello", 5), 5);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(REEXEC_ENV, number, 1);
	assert_true(reexec_resuming());
	assert_int_equal(reexec_take_state(&b), 0);
	assert_int_equal(buf_len(&b), 5);
	assert_memory_equal(buf_data(&b), "hello", 5);
	assert_null(getenv(REEXEC_ENV));
	assert_int_equal(close(fd), -1);
	buf_finish(&b);
}

TEST(a_variable_that_names_no_descriptor_is_an_error_not_a_first_boot)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	setenv(REEXEC_ENV, "rubbish", 1);
	assert_int_equal(reexec_take_state(&b), -EBADF);
	setenv(REEXEC_ENV, "987", 1);
	assert_int_equal(reexec_take_state(&b), -EBADF);
	buf_finish(&b);
}

TEST(a_failing_exec_leaves_everything_as_it_was)
{
	char *argv[] = {(char *)"nothing", NULL};
	struct handoff_fds keep = {0};
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(handoff_fds_add(&keep, ends[0]), 0);
	assert_int_equal(reexec_run("/nonexistent/program", argv, "x", 1, &keep), -ENOENT);
	assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	assert_null(getenv(REEXEC_ENV));
	handoff_fds_finish(&keep, true);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_looked_up_in_path_as_the_shell_did),
		cmocka_unit_test(a_relative_path_becomes_absolute_and_a_link_stays_a_link),
		cmocka_unit_test(a_first_boot_has_no_state),
		cmocka_unit_test(a_state_is_read_once_and_leaves_the_environment),
		cmocka_unit_test(a_variable_that_names_no_descriptor_is_an_error_not_a_first_boot),
		cmocka_unit_test(a_failing_exec_leaves_everything_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
