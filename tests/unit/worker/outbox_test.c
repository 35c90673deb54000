/* Messages to a master that reads late. */
#include "daemon/worker/outbox.h"

#include "common/fd.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_LEN 8192

struct fixture {
	struct ev_loop *loop;
	struct outbox out;
	int ends[2];
	int emptied;
	char *buf;
};

static void count_emptied(void *owner)
{
	((struct fixture *)owner)->emptied++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->loop = ev_loop_new(EVFLAG_AUTO);
	f->buf = malloc(CHANNEL_MESSAGE_MAX);
	if (!f->loop || channel_pair(f->ends) < 0)
		return -1;
	outbox_init(&f->out, f->loop, f->ends[1], count_emptied, f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	outbox_finish(&f->out);
	fd_close(&f->ends[0]);
	fd_close(&f->ends[1]);
	ev_loop_destroy(f->loop);
	free(f->buf);
	free(f);
	return 0;
}

/* A message whose body begins with its number. */
static int send_numbered(struct fixture *f, int number, int fd)
{
	char body[BODY_LEN] = "";

	snprintf(body, sizeof(body), "%d", number);
	return outbox_send(&f->out, CHANNEL_CONN, body, sizeof(body), fd);
}

/* Receives one message and returns its number, -1 when there is none; its descriptor is closed. */
static int receive_numbered(struct fixture *f, bool *had_fd)
{
	struct channel_message m;

	if (channel_recv(f->ends[0], f->buf, CHANNEL_MESSAGE_MAX, &m) != 1)
		return -1;
	assert_int_equal(m.len, BODY_LEN);
	*had_fd = m.fd >= 0;
	fd_close(&m.fd);
	return (int)strtol(m.body, NULL, 10);
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST(a_message_leaves_at_once_and_takes_its_descriptor)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool had_fd;

	assert_int_equal(send_numbered(f, 7, fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_true(outbox_is_empty(&f->out));
	assert_int_equal(receive_numbered(f, &had_fd), 7);
	assert_true(had_fd);
	assert_int_equal(f->emptied, 0);
}

TEST(a_full_channel_keeps_order_and_descriptors)
{
	struct fixture *f = *state;
	int sent = 0, got = 0, number;
	bool had_fd;

	while (outbox_is_empty(&f->out) || sent % 100 != 0) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		assert_int_equal(send_numbered(f, sent++, fd), 0);
	}
	while (got < sent) {
		while ((number = receive_numbered(f, &had_fd)) >= 0) {
			assert_int_equal(number, got++);
			assert_true(had_fd);
		}
		ev_run(f->loop, EVRUN_NOWAIT);
	}
	assert_true(outbox_is_empty(&f->out));
	assert_int_equal(f->emptied, 1);
}

TEST(without_a_receiver_the_caller_keeps_the_descriptor)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fd_close(&f->ends[0]);
	assert_int_equal(send_numbered(f, 1, fd), -EPIPE);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	fd_close(&fd);
}

TEST(a_receiver_that_goes_away_takes_the_queue_with_it)
{
	struct fixture *f = *state;
	int before = lowest_free_fd();

	while (outbox_is_empty(&f->out))
		assert_int_equal(send_numbered(f, 1, open("/dev/null", O_RDONLY | O_CLOEXEC)), 0);
	fd_close(&f->ends[0]);
	ev_run(f->loop, EVRUN_NOWAIT);
	assert_true(outbox_is_empty(&f->out));
	assert_int_equal(f->emptied, 1);
	assert_true(lowest_free_fd() <= before);
}

TEST(finishing_closes_what_waits)
{
	struct fixture *f = *state;
	int before = lowest_free_fd();

	while (outbox_is_empty(&f->out))
		assert_int_equal(send_numbered(f, 1, open("/dev/null", O_RDONLY | O_CLOEXEC)), 0);
	outbox_finish(&f->out);
	assert_true(outbox_is_empty(&f->out));
	assert_int_equal(lowest_free_fd(), before);
}

#define WITH_SETUP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_message_leaves_at_once_and_takes_its_descriptor),
		WITH_SETUP(a_full_channel_keeps_order_and_descriptors),
		WITH_SETUP(without_a_receiver_the_caller_keeps_the_descriptor),
		WITH_SETUP(a_receiver_that_goes_away_takes_the_queue_with_it),
		WITH_SETUP(finishing_closes_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
