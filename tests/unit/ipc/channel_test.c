/* The channel's transport: whole messages and descriptors over a real pair of sockets. */
#include "daemon/ipc/channel.h"

#include "common/fd.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	int ends[2];
	char *buf;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || channel_pair(f->ends) < 0)
		return -1;
	f->buf = malloc(CHANNEL_MESSAGE_MAX);
	*state = f;
	return f->buf ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fd_close(&f->ends[0]);
	fd_close(&f->ends[1]);
	free(f->buf);
	free(f);
	return 0;
}

TEST(both_ends_are_nonblocking_and_close_on_exec)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(f->ends[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(f->ends[i], F_GETFD) & FD_CLOEXEC);
	}
}

TEST(a_message_arrives_whole_with_its_type)
{
	struct fixture *f = *state;
	struct channel_message m;

	assert_int_equal(channel_send(f->ends[0], CHANNEL_STATS, "abc", 3, -1), 0);
	assert_int_equal(channel_send(f->ends[0], CHANNEL_STOP, NULL, 0, -1), 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(m.type, CHANNEL_STATS);
	assert_int_equal(m.len, 3);
	assert_memory_equal(m.body, "abc", 3);
	assert_int_equal(m.fd, -1);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(m.type, CHANNEL_STOP);
	assert_int_equal(m.len, 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), -EAGAIN);
}

TEST(a_descriptor_travels_and_stays_the_senders)
{
	struct fixture *f = *state;
	struct channel_message m;
	struct stat sent, got;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(channel_send(f->ends[1], CHANNEL_CONN, "x", 1, fd), 0);
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(channel_recv(f->ends[0], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(fstat(m.fd, &got), 0);
	assert_int_equal(sent.st_rdev, got.st_rdev);
	assert_true(fcntl(m.fd, F_GETFD) & FD_CLOEXEC);
	fd_close(&m.fd);
	fd_close(&fd);
}

TEST(the_largest_message_passes_and_a_larger_one_is_refused)
{
	struct fixture *f = *state;
	struct channel_message m;
	size_t max = CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN;
	char *body = calloc(1, max + 1);

	assert_non_null(body);
	assert_int_equal(channel_send(f->ends[0], CHANNEL_CONFIG, body, max + 1, -1), -EMSGSIZE);
	assert_int_equal(channel_send(f->ends[0], CHANNEL_CONFIG, body, max, -1), 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(m.len, max);
	free(body);
}

TEST(a_full_queue_says_again_and_loses_nothing)
{
	struct fixture *f = *state;
	struct channel_message m;
	char body[4096] = {0};
	int sent = 0, got = 0, err;

	while ((err = channel_send(f->ends[0], CHANNEL_CONN, body, sizeof(body), -1)) == 0)
		sent++;
	assert_int_equal(err, -EAGAIN);
	while (channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m) == 1)
		got++;
	assert_int_equal(sent, got);
	assert_int_equal(channel_send(f->ends[0], CHANNEL_CONN, body, sizeof(body), -1), 0);
}

TEST(a_closed_end_is_eof_for_one_side_and_epipe_for_the_other)
{
	struct fixture *f = *state;
	struct channel_message m;

	fd_close(&f->ends[0]);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 0);
	assert_int_equal(channel_send(f->ends[1], CHANNEL_READY, NULL, 0, -1), -EPIPE);
}

TEST(a_newer_version_and_an_unknown_type_are_passed_on)
{
	struct fixture *f = *state;
	struct channel_message m;

	assert_int_equal(send(f->ends[0], "\x07\xc8\x12\x34tail", 8, 0), 8);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(m.type, 0xc8);
	assert_int_equal(m.len, 4);
	assert_string_equal(channel_type_name(m.type), "unknown");
}

TEST(bytes_that_are_no_message_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{"\x01", 1}, {"\x01\x03\x00", 3}, {"\x00\x03\x00\x00", 4}, {"\x01\x00\x00\x00", 4}};
	struct fixture *f = *state;
	struct channel_message m = {.len = 77};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(send(f->ends[0], bad[i].bytes, bad[i].len, 0), bad[i].len);
		assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m),
				 -EBADMSG);
		assert_int_equal(m.len, 77);
	}
}

TEST(an_oversized_message_is_refused_and_the_next_one_is_read)
{
	struct fixture *f = *state;
	struct channel_message m;
	char *huge = calloc(1, CHANNEL_MESSAGE_MAX + 1);

	assert_non_null(huge);
	assert_int_equal(send(f->ends[0], huge, CHANNEL_MESSAGE_MAX + 1, 0),
			 CHANNEL_MESSAGE_MAX + 1);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), -EBADMSG);
	assert_int_equal(channel_send(f->ends[0], CHANNEL_PAUSE, NULL, 0, -1), 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), 1);
	assert_int_equal(m.type, CHANNEL_PAUSE);
	free(huge);
}

/* What the kernel may number next: how many descriptors are open below it. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST(descriptors_of_a_refused_message_are_closed)
{
	struct fixture *f = *state;
	struct channel_message m;
	int two[2] = {0, 1}, before = next_fd();

	assert_int_equal(fd_send(f->ends[0], "\x01\x09\x00\x00", 4, two, 2), 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), -EBADMSG);
	assert_int_equal(fd_send(f->ends[0], "\x00", 1, two, 1), 0);
	assert_int_equal(channel_recv(f->ends[1], f->buf, CHANNEL_MESSAGE_MAX, &m), -EBADMSG);
	assert_int_equal(next_fd(), before);
}

TEST(every_type_has_a_name_of_its_own)
{
	for (int a = CHANNEL_CONFIG; a <= CHANNEL_CONN; a++) {
		assert_string_not_equal(channel_type_name(a), "unknown");
		for (int b = CHANNEL_CONFIG; b < a; b++)
			assert_string_not_equal(channel_type_name(a), channel_type_name(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_ends_are_nonblocking_and_close_on_exec, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_message_arrives_whole_with_its_type, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_descriptor_travels_and_stays_the_senders, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			the_largest_message_passes_and_a_larger_one_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_says_again_and_loses_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_closed_end_is_eof_for_one_side_and_epipe_for_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newer_version_and_an_unknown_type_are_passed_on,
						setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_message_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			an_oversized_message_is_refused_and_the_next_one_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_of_a_refused_message_are_closed, setup,
						teardown),
		cmocka_unit_test(every_type_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
