/* The admin sockets as a well-behaved client finds them. */
#include "common/admin_proto.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(a_request_is_answered_with_its_id)
{
	struct echo *e = *state;

	client_assert_alive(e);
	assert_int_equal(e->requests, 1);
}

TEST(answers_may_come_later_and_in_any_order)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	char body[16];
	uint32_t id;

	e->hold = true;
	for (uint32_t n = 0; n < 3; n++)
		client_send_request(fd, REQUEST_ID + n, "?", 1);
	echo_run(e);
	assert_int_equal(e->held, 3);
	assert_int_equal(e->peers[0].uid, geteuid());
	assert_int_equal(e->peers[0].pid, getpid());
	echo_answer(e, 2, "third");
	echo_answer(e, 0, "first");
	client_receive(e, fd, SP_REQ, &id, body, sizeof(body));
	assert_string_equal(body, "third");
	assert_int_equal(id, REQUEST_ID + 2);
	client_receive(e, fd, SP_REQ, &id, body, sizeof(body));
	assert_string_equal(body, "first");
	assert_int_equal(id, REQUEST_ID);
	assert_true(admin_peer_is_there(e->admin, &e->peers[1]));
	close(fd);
}

TEST(a_request_may_arrive_byte_by_byte)
{
	struct echo *e = *state;
	int fd = client_connect(e->rep_path);
	struct buf bytes;
	unsigned char hello[SP_HELLO_LEN];
	char body[16];

	sp_hello_encode(SP_REQ, hello);
	buf_init(&bytes, SIZE_MAX);
	assert_int_equal(buf_add(&bytes, hello, sizeof(hello)), 0);
	assert_int_equal(sp_message_add(&bytes, SP_REQ, REQUEST_ID, "slow", 4), 0);
	for (size_t i = 0; i < buf_len(&bytes); i++) {
		client_send(fd, buf_data(&bytes) + i, 1);
		echo_run(e);
	}
	assert_int_equal(recv(fd, hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(client_receive(e, fd, SP_REQ, NULL, body, sizeof(body)), 4);
	buf_finish(&bytes);
	close(fd);
}

TEST(many_requests_in_one_write_are_all_answered_in_order)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	struct buf bytes;

	buf_init(&bytes, SIZE_MAX);
	for (uint32_t n = 0; n < 2000; n++)
		assert_int_equal(sp_message_add(&bytes, SP_REQ, REQUEST_ID + n, &n, sizeof(n)), 0);
	client_send(fd, buf_data(&bytes), buf_len(&bytes));
	for (uint32_t n = 0; n < 2000; n++) {
		uint32_t id;

		assert_int_equal(client_receive(e, fd, SP_REQ, &id, NULL, 0), sizeof(n));
		assert_int_equal(id, REQUEST_ID + n);
	}
	buf_finish(&bytes);
	close(fd);
}

TEST(a_request_of_the_full_length_is_taken)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	char *body = calloc(1, ADMIN_MESSAGE_MAX);
	struct buf bytes;

	buf_init(&bytes, SIZE_MAX);
	assert_int_equal(sp_message_add(&bytes, SP_REQ, REQUEST_ID, body, ADMIN_MESSAGE_MAX), 0);
	while (buf_len(&bytes) > 0) {
		ssize_t n = send(fd, buf_data(&bytes), buf_len(&bytes), MSG_NOSIGNAL);

		if (n > 0)
			buf_consume(&bytes, (size_t)n);
		echo_run(e);
	}
	assert_int_equal(client_receive(e, fd, SP_REQ, NULL, NULL, 0), ADMIN_MESSAGE_MAX);
	buf_finish(&bytes);
	free(body);
	close(fd);
}

TEST(an_event_goes_to_every_subscriber_and_to_nobody_else)
{
	struct echo *e = *state;
	int requester = client_greet(e, e->rep_path, SP_REQ);
	int subscribers[3];
	char body[16];

	for (size_t i = 0; i < 3; i++)
		subscribers[i] = client_greet(e, e->pub_path, SP_SUB);
	echo_publish(e, "{\"seq\":1}", 9);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			client_receive(e, subscribers[i], SP_SUB, NULL, body, sizeof(body)), 9);
		assert_string_equal(body, "{\"seq\":1}");
		close(subscribers[i]);
	}
	client_assert_served(e, requester);
	close(requester);
}

TEST(sockets_are_for_their_owner_and_gone_at_the_end)
{
	struct echo *e = *state;
	const char *paths[] = {e->rep_path, e->pub_path};
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(lstat(paths[i], &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	admin_destroy(e->admin);
	e->admin = NULL;
	/* rmdir(2) works on an empty folder alone: no temporary name is left either. */
	assert_int_equal(rmdir(e->dir.path), 0);
}

TEST(a_socket_that_is_no_longer_ours_is_left_alone)
{
	struct echo *e = *state;
	FILE *other;

	unlink(e->rep_path);
	other = fopen(e->rep_path, "w");
	assert_non_null(other);
	fclose(other);
	admin_destroy(e->admin);
	e->admin = NULL;
	assert_int_equal(access(e->rep_path, F_OK), 0);
	assert_int_equal(access(e->pub_path, F_OK), -1);
}

TEST(a_socket_file_that_was_removed_is_made_again_and_those_who_wait_are_served)
{
	struct echo *e = *state;
	int before = client_greet(e, e->rep_path, SP_REQ);
	int waiting = client_connect(e->rep_path);

	client_send_hello(waiting, SP_REQ);
	unlink(e->rep_path);
	assert_int_equal(admin_recreate(e->admin), 0);
	client_assert_alive(e);
	client_assert_served(e, before);
	assert_false(client_is_closed(e, waiting));
	client_assert_served(e, waiting);
	close(before);
	close(waiting);
}

TEST(recreating_what_is_there_changes_nothing)
{
	struct echo *e = *state;
	struct stat first, second;

	assert_int_equal(lstat(e->rep_path, &first), 0);
	assert_int_equal(admin_recreate(e->admin), 0);
	assert_int_equal(lstat(e->rep_path, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
}

TEST(a_dead_socket_in_the_way_is_replaced)
{
	struct echo *e = *state;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char pub[128];
	struct admin *admin;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/dead.sock", e->dir.path);
	snprintf(pub, sizeof(pub), "%s/dead.events", e->dir.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(admin_create(&admin, e->loop, a.sun_path, pub, e->events, echo_request, e),
			 0);
	admin_destroy(admin);
}

/* Holds both sockets until it is killed. */
static void run_other_daemon(struct echo *e, const char *rep, const char *pub, int ready)
{
	struct admin *admin;

	ev_loop_fork(e->loop);
	if (admin_create(&admin, e->loop, rep, pub, e->events, echo_request, e) < 0)
		_exit(1);
	(void)!write(ready, "x", 1);
	pause();
	_exit(0);
}

TEST(the_socket_of_another_daemon_is_not_taken_from_it)
{
	struct echo *e = *state;
	char rep[128], pub[128], x;
	struct admin *admin = NULL;
	int ready[2];

	snprintf(rep, sizeof(rep), "%s/other.sock", e->dir.path);
	snprintf(pub, sizeof(pub), "%s/other.events", e->dir.path);
	assert_int_equal(pipe(ready), 0);

	pid_t child = fork();

	if (child == 0)
		run_other_daemon(e, rep, pub, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &x, 1), 1);
	assert_int_equal(admin_create(&admin, e->loop, rep, pub, e->events, echo_request, e),
			 -EADDRINUSE);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(admin_create(&admin, e->loop, rep, pub, e->events, echo_request, e), 0);
	admin_destroy(admin);
	close(ready[0]);
}

TEST(places_where_no_socket_can_be_are_refused)
{
	struct echo *e = *state;
	char long_path[200];
	struct admin *admin = NULL;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(
		admin_create(&admin, e->loop, long_path, e->pub_path, e->events, echo_request, e),
		-ENAMETOOLONG);
	assert_int_equal(admin_create(&admin, e->loop, "/nowhere/at/all", e->pub_path, e->events,
				      echo_request, e),
			 -ENOENT);

	FILE *file = fopen(temp_dir_file(&e->dir, "file"), "w");

	fclose(file);
	assert_int_equal(admin_create(&admin, e->loop, temp_dir_file(&e->dir, "file"), e->pub_path,
				      e->events, echo_request, e),
			 -EEXIST);
	assert_null(admin);
	client_assert_alive(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_ECHO(test) cmocka_unit_test_setup_teardown(test, echo_setup, echo_teardown)
		WITH_ECHO(a_request_is_answered_with_its_id),
		WITH_ECHO(answers_may_come_later_and_in_any_order),
		WITH_ECHO(a_request_may_arrive_byte_by_byte),
		WITH_ECHO(many_requests_in_one_write_are_all_answered_in_order),
		WITH_ECHO(a_request_of_the_full_length_is_taken),
		WITH_ECHO(an_event_goes_to_every_subscriber_and_to_nobody_else),
		WITH_ECHO(sockets_are_for_their_owner_and_gone_at_the_end),
		WITH_ECHO(a_socket_that_is_no_longer_ours_is_left_alone),
		WITH_ECHO(
			a_socket_file_that_was_removed_is_made_again_and_those_who_wait_are_served),
		WITH_ECHO(recreating_what_is_there_changes_nothing),
		WITH_ECHO(a_dead_socket_in_the_way_is_replaced),
		WITH_ECHO(the_socket_of_another_daemon_is_not_taken_from_it),
		WITH_ECHO(places_where_no_socket_can_be_are_refused),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
