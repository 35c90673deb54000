/* Who is let in to the admin sockets, and who makes room: too many, too slow, without descriptors, strangers. */
#include "common/str.h"
#include "daemon/master/admin_conn.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

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

	admin_conns_init(&conns, e->loop, e->events, echo_request, e);
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

/* In a child: a connection that waits until there is room for it. */
static int connect_patiently(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (str_copy(a.sun_path, sizeof(a.sun_path), path) < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		_exit(2);
	return fd;
}

/* As somebody else: connects, and reports whether it is served. */
static void run_stranger(const char *path, uid_t uid)
{
	char bytes[8];

	if (setuid(uid) < 0)
		_exit(2);
	_exit(recv(connect_patiently(path), bytes, sizeof(bytes), 0) > 0);
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

/* As another process: many connections that say nothing, until the first of them is closed. */
static void run_crowd(const char *path)
{
	int fds[200];
	char bytes[2 * SP_HELLO_LEN];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_patiently(path);
	while (recv(fds[0], bytes, sizeof(bytes), 0) > 0)
		;
	_exit(0);
}

TEST(a_crowd_of_silent_ones_pushes_out_its_own)
{
	struct echo *e = *state;
	int slow = client_connect(e->rep_path), status = -1;
	pid_t child;

	echo_run(e);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_crowd(e->rep_path);
	while (waitpid(child, &status, WNOHANG) == 0)
		echo_run(e);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_false(client_is_closed(e, slow));
	client_send_hello(slow, SP_REQ);
	client_assert_served(e, slow);
	close(slow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_ECHO(test) cmocka_unit_test_setup_teardown(test, echo_setup, echo_teardown)
		WITH_ECHO(the_sixty_fifth_is_refused_when_all_others_have_said_hello),
		WITH_ECHO(the_sixty_fifth_takes_the_place_of_the_oldest_that_is_silent),
		WITH_ECHO(a_hello_that_was_not_read_yet_counts),
		WITH_ECHO(a_crowd_of_silent_ones_keeps_nobody_out),
		WITH_ECHO(a_crowd_of_silent_ones_pushes_out_its_own),
		WITH_ECHO(without_descriptors_it_waits_and_goes_on_when_there_are_some),
		WITH_ECHO(a_hello_that_does_not_come_in_time_ends_the_connection),
		WITH_ECHO(other_users_are_turned_away_even_if_the_mode_lets_them_in),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
