/* The admin sockets under clients that mean harm or do not know better. */
#include "common/admin_proto.h"
#include "daemon/master/admin_conn.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors that this process has open. */
static size_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

TEST(two_thousand_that_connect_and_close_leave_everything_as_it_was)
{
	struct echo *e = *state;
	const char *paths[] = {e->rep_path, e->pub_path};
	size_t before = open_fds();

	for (int i = 0; i < 2000; i++) {
		close(client_connect(paths[i % 2]));
		if (i % 7 == 0)
			echo_run(e);
		if (i % 50 == 0)
			client_assert_alive(e);
	}
	for (int i = 0; i < 30; i++)
		echo_run(e);
	assert_int_equal(open_fds(), before);
	client_assert_alive(e);
}

TEST(half_a_hello_and_then_nothing_leaves_nothing_behind)
{
	struct echo *e = *state;
	size_t before = open_fds();
	unsigned char hello[SP_HELLO_LEN];

	sp_hello_encode(SP_REQ, hello);
	for (size_t len = 0; len < sizeof(hello); len++) {
		int fd = client_connect(e->rep_path);

		if (len > 0)
			client_send(fd, hello, len);
		echo_run(e);
		close(fd);
		echo_run(e);
	}
	assert_int_equal(open_fds(), before);
	client_assert_alive(e);
}

TEST(whatever_is_not_the_protocol_is_closed_at_once)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
#define BYTES(text) {text, sizeof(text) - 1}
		BYTES("GET / HTTP/1.1\r\n\r\n"),
		BYTES("\0SP\0\0\x21\0\0"),     /* SUB at the REP socket */
		BYTES("\0SP\1\0\x30\0\0"),     /* another version */
		BYTES("\0SP\0\0\x30\0\0\x02"), /* a message type that there is not */
		BYTES("\0SP\0\0\x30\0\0\x01\x80\0\0\0\0\0\0\0"), /* 2^63 bytes to come */
		BYTES("\0SP\0\0\x30\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff"),
		BYTES("\0SP\0\0\x30\0\0\x01\0\0\0\0\0\0\0\0"),		 /* no room for an id */
		BYTES("\0SP\0\0\x30\0\0\x01\0\0\0\0\0\0\0\x04\0\0\0\1"), /* an id without the top bit */
		BYTES("\0SP\0\0\x30\0\0\x01\0\0\0\0\0\x10\0\x05"), /* one byte more than 1 MiB */
#undef BYTES
	};
	struct echo *e = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = client_connect(e->rep_path);

		client_send(fd, cases[i].bytes, cases[i].len);
		if (!client_is_closed(e, fd))
			fail_msg("case %zu is still connected", i);
		close(fd);
	}
	assert_int_equal(e->requests, 0);
	client_assert_alive(e);
}

TEST(a_subscriber_that_talks_is_closed)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->pub_path, SP_SUB);

	assert_false(client_is_closed(e, fd));
	client_send(fd, "x", 1);
	assert_true(client_is_closed(e, fd));
	close(fd);
}

TEST(a_subscriber_that_does_not_read_loses_events_but_no_parts_of_them)
{
	struct echo *e = *state;
	int slow = client_greet(e, e->pub_path, SP_SUB);
	int quick = client_greet(e, e->pub_path, SP_SUB);
	char event[1000], body[16];
	size_t kept = 0;

	memset(event, 'e', sizeof(event));
	for (int i = 0; i < 20000; i++) {
		echo_publish(e, event, sizeof(event));
		assert_int_equal(client_receive(e, quick, SP_SUB, NULL, body, sizeof(body)),
				 sizeof(event));
	}
	/* What was kept comes whole; with that read, it is a subscriber like any other. */
	while (kept < 500) {
		assert_int_equal(client_receive(e, slow, SP_SUB, NULL, body, sizeof(body)),
				 sizeof(event));
		kept++;
	}
	echo_publish(e, "the end", 7);
	while (client_receive(e, slow, SP_SUB, NULL, body, sizeof(body)) == sizeof(event))
		kept++;
	assert_string_equal(body, "the end");
	assert_in_range(kept, 1000, 2000);
	close(slow);
	close(quick);
}

TEST(who_reads_no_answers_is_not_read_from_until_it_does)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);

	e->answer_len = 100 * 1000;
	for (uint32_t n = 0; n < 200; n++)
		client_send_request(fd, REQUEST_ID + n, "?", 1);
	for (int i = 0; i < 50; i++)
		echo_run(e);
	assert_true(e->requests < 20);
	for (uint32_t n = 0; n < 200; n++) {
		uint32_t id;

		assert_int_equal(client_receive(e, fd, SP_REQ, &id, NULL, 0), 100 * 1000);
		assert_int_equal(id, REQUEST_ID + n);
	}
	assert_int_equal(e->requests, 200);
	close(fd);
}

TEST(four_mebibytes_of_unread_answers_are_enough)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	char *answer = calloc(1, ADMIN_MESSAGE_MAX);

	e->hold = true;
	for (uint32_t n = 0; n < 8; n++)
		client_send_request(fd, REQUEST_ID + n, "?", 1);
	echo_run(e);
	for (size_t n = 0; n < 4; n++)
		admin_reply(e->admin, &e->peers[n], answer, ADMIN_MESSAGE_MAX);
	assert_true(admin_peer_is_there(e->admin, &e->peers[0]));
	for (size_t n = 4; n < 8; n++)
		admin_reply(e->admin, &e->peers[n], answer, ADMIN_MESSAGE_MAX);
	assert_false(admin_peer_is_there(e->admin, &e->peers[0]));
	assert_true(client_is_closed(e, fd));
	free(answer);
	close(fd);
}

TEST(requests_that_are_never_finished_do_not_pile_up)
{
	struct echo *e = *state;
	static char half[900 * 1000];
	int fds[20], polite = client_greet(e, e->rep_path, SP_REQ);
	int left = 0;

	/* The header of a message that never ends. */
	memcpy(half, "\x01\0\0\0\0\0\x0f\x42\x40", 9);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_greet(e, e->rep_path, SP_REQ);
		for (size_t sent = 0; sent < sizeof(half);) {
			ssize_t n = send(fds[i], half + sent, sizeof(half) - sent,
					 MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n < 0 && errno != EAGAIN)
				break; /* it was enough */
			sent += n > 0 ? (size_t)n : 0;
			echo_run(e);
		}
		client_assert_served(e, polite);
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		left += !client_is_closed(e, fds[i]);
		close(fds[i]);
	}
	assert_in_range(left, 1, ADMIN_HELD / sizeof(half));
	client_assert_served(e, polite);
	close(polite);
}

TEST(a_client_that_leaves_is_forgotten_and_its_answer_goes_nowhere)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);

	e->hold = true;
	client_send_request(fd, REQUEST_ID, "?", 1);
	echo_run(e);
	assert_int_equal(e->held, 1);
	close(fd);
	echo_run(e);
	assert_false(admin_peer_is_there(e->admin, &e->peers[0]));
	echo_answer(e, 0, "too late");
	e->hold = false;
	client_assert_alive(e);
}

TEST(an_answer_to_a_client_that_left_at_that_moment_is_survived)
{
	struct echo *e = *state;

	for (int i = 0; i < 100; i++) {
		int fd = client_greet(e, e->rep_path, SP_REQ);

		client_send_request(fd, REQUEST_ID, "?", 1);
		client_send_request(fd, REQUEST_ID + 1, "?", 1);
		close(fd);
		echo_run(e);
	}
	client_assert_alive(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_ECHO(test) cmocka_unit_test_setup_teardown(test, echo_setup, echo_teardown)
		WITH_ECHO(two_thousand_that_connect_and_close_leave_everything_as_it_was),
		WITH_ECHO(half_a_hello_and_then_nothing_leaves_nothing_behind),
		WITH_ECHO(whatever_is_not_the_protocol_is_closed_at_once),
		WITH_ECHO(a_subscriber_that_talks_is_closed),
		WITH_ECHO(a_subscriber_that_does_not_read_loses_events_but_no_parts_of_them),
		WITH_ECHO(who_reads_no_answers_is_not_read_from_until_it_does),
		WITH_ECHO(four_mebibytes_of_unread_answers_are_enough),
		WITH_ECHO(requests_that_are_never_finished_do_not_pile_up),
		WITH_ECHO(a_client_that_leaves_is_forgotten_and_its_answer_goes_nowhere),
		WITH_ECHO(an_answer_to_a_client_that_left_at_that_moment_is_survived),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
