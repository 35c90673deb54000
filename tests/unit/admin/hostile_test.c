/* The admin sockets under clients that mean harm or do not know better. */
#include "common/admin_proto.h"
#include "common/str.h"
#include "daemon/master/admin_conn.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
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
		admin_publish(e->admin, event, sizeof(event));
		assert_int_equal(client_receive(e, quick, SP_SUB, NULL, body, sizeof(body)),
				 sizeof(event));
	}
	/* What was kept comes whole; with that read, it is a subscriber like any other. */
	while (kept < 500) {
		assert_int_equal(client_receive(e, slow, SP_SUB, NULL, body, sizeof(body)),
				 sizeof(event));
		kept++;
	}
	admin_publish(e->admin, "the end", 7);
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

TEST(the_sixty_fifth_is_refused_when_all_others_have_said_hello)
{
	struct echo *e = *state;
	int fds[ADMIN_CONNS_MAX], more;

	for (size_t i = 0; i < ADMIN_CONNS_MAX; i++)
		fds[i] =
			client_greet(e, i % 2 ? e->rep_path : e->pub_path, i % 2 ? SP_REQ : SP_SUB);
	more = client_connect(e->rep_path);
	assert_true(client_is_closed(e, more));
	close(more);
	client_assert_served(e, fds[1]);
	close(fds[0]);
	echo_run(e);
	client_assert_alive(e);
	for (size_t i = 1; i < ADMIN_CONNS_MAX; i++) {
		assert_false(client_is_closed(e, fds[i]));
		close(fds[i]);
	}
}

TEST(the_sixty_fifth_takes_the_place_of_the_oldest_that_is_silent)
{
	struct echo *e = *state;
	int fds[ADMIN_CONNS_MAX];

	for (size_t i = 0; i < ADMIN_CONNS_MAX; i++) {
		if (i % 3 == 1)
			fds[i] = client_connect(e->rep_path);
		else
			fds[i] = client_greet(e, e->rep_path, SP_REQ);
		echo_run(e);
	}
	client_assert_alive(e);
	for (size_t i = 0; i < ADMIN_CONNS_MAX; i++) {
		assert_int_equal(client_is_closed(e, fds[i]), i == 1);
		close(fds[i]);
	}
}

TEST(a_hello_that_was_not_read_yet_counts)
{
	struct echo *e = *state;
	int fds[ADMIN_CONNS_MAX + 1];

	/* All in the queue before the loop has seen any of them. */
	for (size_t i = 0; i <= ADMIN_CONNS_MAX; i++) {
		fds[i] = client_connect(e->rep_path);
		client_send_hello(fds[i], SP_REQ);
		client_send_request(fds[i], REQUEST_ID, "?", 1);
	}
	for (size_t i = 0; i < ADMIN_CONNS_MAX; i++) {
		unsigned char hello[SP_HELLO_LEN];

		echo_run(e);
		assert_int_equal(recv(fds[i], hello, sizeof(hello), 0), sizeof(hello));
		assert_int_equal(client_receive(e, fds[i], SP_REQ, NULL, NULL, 0), 1);
	}
	assert_true(client_is_closed(e, fds[ADMIN_CONNS_MAX]));
	for (size_t i = 0; i <= ADMIN_CONNS_MAX; i++)
		close(fds[i]);
}

TEST(a_crowd_of_silent_ones_keeps_nobody_out)
{
	struct echo *e = *state;
	int fds[500];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_connect(i % 2 ? e->rep_path : e->pub_path);
		echo_run(e);
		if (i % 100 == 99)
			client_assert_alive(e);
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	client_assert_alive(e);
}

TEST(without_descriptors_it_waits_and_goes_on_when_there_are_some)
{
	struct echo *e = *state;
	struct rlimit before, none;
	int fds[4];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_connect(e->rep_path);
		client_send_hello(fds[i], SP_REQ);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)fds[ARRAY_LEN(fds) - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);

	double start = ev_time();
	unsigned turns = ev_iteration(e->loop);

	/* Tries, fails, and then nothing happens until it is time to try again. */
	while (ev_time() - start < 0.35)
		ev_run(e->loop, EVRUN_ONCE);
	assert_in_range(ev_iteration(e->loop) - turns, 3, 20);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	ev_run(e->loop, EVRUN_ONCE);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		unsigned char hello[SP_HELLO_LEN];

		echo_run(e);
		assert_int_equal(recv(fds[i], hello, sizeof(hello), 0), sizeof(hello));
		client_assert_served(e, fds[i]);
		close(fds[i]);
	}
}

TEST(a_hello_that_does_not_come_in_time_ends_the_connection)
{
	struct echo *e = *state;
	struct admin_conns conns;
	int pair[2];
	char bytes[64];

	admin_conns_init(&conns, e->loop, echo_request, e);
	conns.hello_s = 0.01;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	admin_conns_adopt(&conns, pair[0], SP_REP);
	client_send(pair[1], "\0SP", 3);
	assert_int_equal(recv(pair[1], bytes, sizeof(bytes), 0), SP_HELLO_LEN);
	for (int i = 0; i < 10 && conns.count > 0; i++)
		ev_run(e->loop, EVRUN_ONCE);
	assert_int_equal(conns.count, 0);
	assert_int_equal(recv(pair[1], bytes, sizeof(bytes), 0), 0);
	close(pair[1]);
	admin_conns_finish(&conns);
}

/* As somebody else: connects, and reports whether it is served. */
static void run_stranger(const char *path, uid_t uid)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[8];

	if (str_copy(a.sun_path, sizeof(a.sun_path), path) < 0 || setuid(uid) < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		_exit(2);
	_exit(recv(fd, bytes, sizeof(bytes), 0) > 0);
}

TEST(other_users_are_turned_away_even_if_the_mode_lets_them_in)
{
	struct echo *e = *state;
	int status;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(e->dir.path, 0755), 0);
	assert_int_equal(chmod(e->rep_path, 0666), 0);

	pid_t child = fork();

	if (child == 0)
		run_stranger(e->rep_path, 65534);
	while (waitpid(child, &status, WNOHANG) == 0)
		echo_run(e);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
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
		WITH_ECHO(a_client_that_leaves_is_forgotten_and_its_answer_goes_nowhere),
		WITH_ECHO(an_answer_to_a_client_that_left_at_that_moment_is_survived),
		WITH_ECHO(the_sixty_fifth_is_refused_when_all_others_have_said_hello),
		WITH_ECHO(the_sixty_fifth_takes_the_place_of_the_oldest_that_is_silent),
		WITH_ECHO(a_hello_that_was_not_read_yet_counts),
		WITH_ECHO(a_crowd_of_silent_ones_keeps_nobody_out),
		WITH_ECHO(without_descriptors_it_waits_and_goes_on_when_there_are_some),
		WITH_ECHO(a_hello_that_does_not_come_in_time_ends_the_connection),
		WITH_ECHO(other_users_are_turned_away_even_if_the_mode_lets_them_in),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
