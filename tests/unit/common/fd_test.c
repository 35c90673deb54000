/* Flags, whole files, and descriptors that travel between processes. */
#include "common/fd.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void make_pair(int ends[2])
{
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

TEST(closing_forgets_the_number_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), old = fd;

	assert_true(fd >= 0);
	errno = EINTR;
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EINTR);
	assert_false(is_open(old));
	fd_close(&fd);
}

TEST(flags_are_set_and_cleared_without_touching_others)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_APPEND);

	assert_int_equal(fd_set_cloexec(fd, false), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fd_set_cloexec(fd, true), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_set_nonblock(fd, true), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK | O_APPEND);
	assert_int_equal(fd_set_nonblock(fd, false), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), O_APPEND);
	fd_close(&fd);
	assert_int_equal(fd_set_cloexec(-1, true), -EBADF);
}

TEST(whole_reads_and_writes_meet_in_a_pipe)
{
	char text[6] = "";
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_write_full(ends[1], "hello", 5), 0);
	assert_int_equal(fd_read_full(ends[0], text, 5), 0);
	assert_string_equal(text, "hello");
	fd_close(&ends[1]);
	assert_int_equal(fd_read_full(ends[0], text, 1), -EPIPE);
	fd_close(&ends[0]);
}

TEST(a_replaced_file_is_read_back_with_its_mode)
{
	char dir[] = "/tmp/fd_test.XXXXXX", path[64], *data;
	struct stat st;
	size_t len;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(fd_replace_file(path, "one", 3, 0600), 0);
	assert_int_equal(fd_replace_file(path, "zwei", 4, 0640), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(fd_read_file(path, 4, &data, &len), 0);
	assert_int_equal(len, 4);
	assert_string_equal(data, "zwei");
	free(data);
	assert_int_equal(fd_read_file(path, 3, &data, &len), -EFBIG);
	assert_int_equal(unlink(path), 0);
	/* No temporary file is left, or this would not be empty. */
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(fd_read_file(path, 10, &data, &len), -ENOENT);
	assert_int_equal(fd_replace_file(path, "x", 1, 0600), -ENOENT);
}

TEST(a_file_without_a_size_is_read_to_its_end)
{
	char *data;
	size_t len;

	assert_int_equal(fd_read_file("/proc/self/status", SIZE_MAX, &data, &len), 0);
	assert_true(len > 100);
	assert_int_equal(strlen(data), len);
	free(data);
	assert_int_equal(fd_read_file("/dev/null", 0, &data, &len), 0);
	assert_string_equal(data, "");
	free(data);
}

TEST(descriptors_arrive_with_their_message_and_cloexec)
{
	int ends[2], pipes[2], got[FD_PASS_MAX];
	char text[16], byte;
	size_t n = 42;

	make_pair(ends);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(fd_send(ends[0], "take", 4, pipes, 2), 0);
	assert_int_equal(fd_recv(ends[1], text, sizeof(text), got, &n), 4);
	assert_int_equal(n, 2);
	assert_memory_equal(text, "take", 4);
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_write_full(got[1], "!", 1), 0);
	assert_int_equal(fd_read_full(pipes[0], &byte, 1), 0);
	assert_int_equal(byte, '!');
	for (size_t i = 0; i < 2; i++) {
		fd_close(&got[i]);
		fd_close(&pipes[i]);
		fd_close(&ends[i]);
	}
}

TEST(messages_without_descriptors_and_the_end_say_so)
{
	int ends[2], got[FD_PASS_MAX];
	char text[16];
	size_t n = 42;

	make_pair(ends);
	assert_int_equal(fd_recv(ends[1], text, sizeof(text), got, &n), -EAGAIN);
	assert_int_equal(fd_send(ends[0], "plain", 5, NULL, 0), 0);
	assert_int_equal(fd_recv(ends[1], text, sizeof(text), got, &n), 5);
	assert_int_equal(n, 0);
	fd_close(&ends[0]);
	assert_int_equal(fd_recv(ends[1], text, sizeof(text), got, &n), 0);
	assert_int_equal(fd_send(ends[1], "x", 1, NULL, 0), -EPIPE);
	fd_close(&ends[1]);
}

TEST(a_message_that_does_not_fit_loses_its_descriptors_too)
{
	int ends[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC), got[FD_PASS_MAX];
	char text[2];
	size_t n = 42;

	make_pair(ends);
	assert_int_equal(fd_send(ends[0], "long", 4, &null, 1), 0);

	int probe = dup(null), lowest = probe; /* the number that a received descriptor would get */

	fd_close(&probe);
	assert_int_equal(fd_recv(ends[1], text, sizeof(text), got, &n), -EMSGSIZE);
	assert_int_equal(n, 42);
	assert_false(is_open(lowest));
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	fd_close(&null);
}

TEST(a_full_queue_refuses_without_waiting)
{
	static const char block[1000];
	int ends[2], ret;

	make_pair(ends);
	do
		ret = fd_send(ends[0], block, sizeof(block), NULL, 0);
	while (ret == 0);
	assert_int_equal(ret, -EAGAIN);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

TEST(descriptors_take_the_numbers_they_are_given_and_no_other_stays_open)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int pair[2], extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
		struct stat st[2], now[2];
		bool right;

		if (extra < 0 || pipe2(pair, O_CLOEXEC) < 0)
			_exit(2);
		(void)fstat(pair[0], &st[0]);
		(void)fstat(extra, &st[1]);
		/* Crosswise, and over descriptors that are still to be moved. */
		int fds[] = {extra, pair[0], pair[1], 0};

		if (fd_place(fds, ARRAY_LEN(fds)) < 0)
			_exit(3);
		right = fstat(0, &now[0]) == 0 && fstat(1, &now[1]) == 0 &&
			now[0].st_rdev == st[1].st_rdev && now[1].st_ino == st[0].st_ino;
		for (int fd = 0; fd < 4; fd++)
			right &= fcntl(fd, F_GETFD) == 0;
		for (int fd = 4; fd < 64; fd++)
			right &= !is_open(fd);
		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_forgets_the_number_and_keeps_errno),
		cmocka_unit_test(flags_are_set_and_cleared_without_touching_others),
		cmocka_unit_test(whole_reads_and_writes_meet_in_a_pipe),
		cmocka_unit_test(a_replaced_file_is_read_back_with_its_mode),
		cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(descriptors_arrive_with_their_message_and_cloexec),
		cmocka_unit_test(messages_without_descriptors_and_the_end_say_so),
		cmocka_unit_test(a_message_that_does_not_fit_loses_its_descriptors_too),
		cmocka_unit_test(a_full_queue_refuses_without_waiting),
		cmocka_unit_test(
			descriptors_take_the_numbers_they_are_given_and_no_other_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
