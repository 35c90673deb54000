/* The admin sockets across an exec: a fresh struct takes over the descriptors that another one had. */
#include "daemon/master/handoff.h"
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptors go on under the same numbers; the struct that had them, its loop and its files do not. */
static void end_old_image(struct echo *e, const struct handoff_fds *fds)
{
	int away[256];

	assert_true(fds->count <= ARRAY_LEN(away));
	for (size_t i = 0; i < fds->count; i++) {
		away[i] = fcntl(fds->fd[i], F_DUPFD_CLOEXEC, 700);
		assert_true(away[i] >= 0);
		close(fds->fd[i]);
	}
	/* Under other names, or they would be unlinked. */
	assert_int_equal(rename(e->rep_path, temp_dir_file(&e->dir, "rep")), 0);
	assert_int_equal(rename(e->pub_path, temp_dir_file(&e->dir, "pub")), 0);
	admin_destroy(e->admin);
	ev_loop_destroy(e->loop);
	assert_int_equal(rename(temp_dir_file(&e->dir, "rep"), e->rep_path), 0);
	assert_int_equal(rename(temp_dir_file(&e->dir, "pub"), e->pub_path), 0);
	for (size_t i = 0; i < fds->count; i++) {
		assert_int_equal(dup2(away[i], fds->fd[i]), fds->fd[i]);
		close(away[i]);
	}
}

/* An execve, with the state changed by `alter` on the way. Returns how many descriptors nobody claimed. */
static size_t exec_altered(struct echo *e, void (*alter)(json_t *state))
{
	struct handoff_fds fds = {0};
	struct reader saved;
	struct buf bytes;
	json_t *state;
	size_t left;

	buf_init(&bytes, SIZE_MAX);
	state = admin_save(e->admin, &fds, &bytes);

	assert_non_null(state);
	alter(state);

	char *text = json_dumps(state, 0);

	json_decref(state);
	end_old_image(e, &fds);
	state = json_loads(text, 0, NULL);
	free(text);
	e->loop = ev_loop_new(EVFLAG_AUTO);
	reader_init(&saved, buf_data(&bytes), buf_len(&bytes));
	assert_int_equal(
		admin_restore(&e->admin, e->loop, state, &saved, &fds, e->events, echo_request, e),
		0);
	buf_finish(&bytes);
	left = fds.count;
	handoff_fds_finish(&fds, true);
	json_decref(state);
	return left;
}

static void leave_alone(json_t *state BB_UNUSED) {}

static void exec_admin(struct echo *e)
{
	assert_int_equal(exec_altered(e, leave_alone), 0);
}

TEST(clients_notice_nothing_and_new_ones_are_served)
{
	struct echo *e = *state;
	int requester = client_greet(e, e->rep_path, SP_REQ);
	int subscriber = client_greet(e, e->pub_path, SP_SUB);
	char body[16];

	for (int i = 0; i < 20; i++) {
		exec_admin(e);
		client_assert_served(e, requester);
		client_assert_alive(e);
		echo_publish(e, "event", 5);
		assert_int_equal(client_receive(e, subscriber, SP_SUB, NULL, body, sizeof(body)),
				 5);
	}
	close(requester);
	close(subscriber);
}

TEST(a_pending_request_is_answered_by_the_next_image)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	char body[16];
	uint32_t id;

	e->hold = true;
	client_send_request(fd, REQUEST_ID + 41, "reload", 6);
	echo_run(e);
	assert_int_equal(e->held, 1);
	exec_admin(e);
	echo_run(e);
	assert_int_equal(e->requests, 1); /* it is not handled twice */
	echo_answer(e, 0, "generation 8");
	client_receive(e, fd, SP_REQ, &id, body, sizeof(body));
	assert_string_equal(body, "generation 8");
	assert_int_equal(id, REQUEST_ID + 41);
	close(fd);
}

TEST(bytes_that_wait_in_the_kernel_and_connections_in_the_queue_go_on)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	int queued = client_connect(e->rep_path);
	char body[16];

	client_send_hello(queued, SP_REQ);
	client_send_request(fd, REQUEST_ID, "unread", 6);
	exec_admin(e);
	client_receive(e, fd, SP_REQ, NULL, body, sizeof(body));
	assert_string_equal(body, "unread");
	assert_false(client_is_closed(e, queued));
	client_assert_served(e, queued);
	close(fd);
	close(queued);
}

TEST(a_half_read_request_is_completed_at_any_byte)
{
	struct echo *e = *state;
	int fd = client_connect(e->rep_path);
	unsigned char hello[SP_HELLO_LEN];
	struct buf bytes;
	char body[16];

	sp_hello_encode(SP_REQ, hello);
	buf_init(&bytes, SIZE_MAX);
	assert_int_equal(buf_add(&bytes, hello, sizeof(hello)), 0);
	assert_int_equal(sp_message_add(&bytes, SP_REQ, REQUEST_ID, "hello", 5), 0);
	for (size_t i = 0; i < buf_len(&bytes); i++) {
		client_send(fd, buf_data(&bytes) + i, 1);
		echo_run(e);
		exec_admin(e);
	}
	assert_int_equal(recv(fd, hello, sizeof(hello), 0), sizeof(hello));
	client_receive(e, fd, SP_REQ, NULL, body, sizeof(body));
	assert_string_equal(body, "hello");
	buf_finish(&bytes);
	close(fd);
}

TEST(a_half_written_answer_is_completed)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);
	uint32_t id;

	e->answer_len = 900 * 1000; /* more than a socket buffer holds */
	client_send_request(fd, REQUEST_ID, "?", 1);
	client_send_request(fd, REQUEST_ID + 1, "?", 1);
	echo_run(e);
	assert_int_equal(e->requests,
			 1); /* the second one is not taken while the first is unread */
	exec_admin(e);
	for (uint32_t n = 0; n < 2; n++) {
		assert_int_equal(client_receive(e, fd, SP_REQ, &id, NULL, 0), 900 * 1000);
		assert_int_equal(id, REQUEST_ID + n);
	}
	close(fd);
}

TEST(a_subscriber_that_lags_behind_misses_nothing_and_costs_nothing)
{
	struct echo *e = *state;
	int slow = client_greet(e, e->pub_path, SP_SUB);
	char event[1000] = "", body[16];
	struct handoff_fds fds = {0};
	struct buf bytes;

	/* More than the socket takes, less than the ring keeps. */
	for (int i = 0; i < 900; i++)
		echo_publish(e, event, sizeof(event));
	buf_init(&bytes, SIZE_MAX);
	json_decref(admin_save(e->admin, &fds, &bytes));
	assert_true(buf_len(&bytes) < 32 * 1024);
	buf_finish(&bytes);
	handoff_fds_finish(&fds, false);
	exec_admin(e);
	echo_publish(e, "the end", 7);
	for (int i = 0; i < 900; i++)
		assert_int_equal(client_receive(e, slow, SP_SUB, NULL, NULL, 0), sizeof(event));
	assert_int_equal(client_receive(e, slow, SP_SUB, NULL, body, sizeof(body)), 7);
	close(slow);
}

struct saver {
	struct echo *echo;
	json_t *state;
	struct handoff_fds fds;
	struct buf bytes;
};

static void save_inside(void *owner, const struct admin_peer *from, const char *body, size_t len)
{
	struct saver *s = owner;

	(void)from;
	(void)body;
	(void)len;
	s->state = admin_save(s->echo->admin, &s->fds, &s->bytes);
}

TEST(a_request_that_is_being_handled_is_not_saved_as_unread)
{
	struct echo *e = *state;
	struct saver s = {.echo = e, .bytes = {.max = SIZE_MAX}};
	int fd;

	admin_destroy(e->admin);
	assert_int_equal(admin_create(&e->admin, e->loop, e->rep_path, e->pub_path, e->events,
				      save_inside, &s),
			 0);
	fd = client_greet(e, e->rep_path, SP_REQ);
	client_send_request(fd, REQUEST_ID, "reload", 6);
	echo_run(e);
	assert_non_null(s.state);

	const json_t *conn = json_array_get(json_object_get(s.state, "conns"), 0);

	assert_int_equal(json_integer_value(json_object_get(conn, "unread")), 0);
	buf_finish(&s.bytes);
	json_decref(s.state);
	handoff_fds_finish(&s.fds, false);
	close(fd);
}

TEST(numbers_of_connections_are_never_given_twice)
{
	struct echo *e = *state;
	uint64_t first, second;
	int fd = client_greet(e, e->rep_path, SP_REQ);

	e->hold = true;
	client_send_request(fd, REQUEST_ID, "?", 1);
	echo_run(e);
	close(fd);
	echo_run(e);
	exec_admin(e);
	fd = client_greet(e, e->rep_path, SP_REQ);
	client_send_request(fd, REQUEST_ID, "?", 1);
	echo_run(e);
	first = e->peers[0].conn;
	second = e->peers[1].conn;
	assert_true(second > first);
	close(fd);
}

static void mix_up(json_t *state)
{
	json_t *conn = json_array_get(json_object_get(state, "conns"), 0);

	/* One number stands for another socket now, one for nothing. */
	json_object_set_new(conn, "ino", json_integer(1));
	json_object_set_new(json_object_get(state, "pub"), "fd", json_integer(999));
}

TEST(descriptors_that_are_not_what_they_were_are_not_taken)
{
	struct echo *e = *state;
	int first = client_greet(e, e->rep_path, SP_REQ);
	int second = client_greet(e, e->rep_path, SP_REQ);

	assert_int_equal(exec_altered(e, mix_up), 2);
	assert_true(client_is_closed(e, first));
	client_assert_served(e, second);
	/* The events' socket was made anew in its place. */
	close(client_greet(e, e->pub_path, SP_SUB));
	close(first);
	close(second);
}

static void damage_bytes(json_t *state)
{
	json_t *conn = json_array_get(json_object_get(state, "conns"), 0);

	json_object_set_new(conn, "unread", json_integer(1000));
}

TEST(a_connection_whose_bytes_cannot_be_read_is_closed)
{
	struct echo *e = *state;
	int fd = client_greet(e, e->rep_path, SP_REQ);

	exec_altered(e, damage_bytes);
	assert_true(client_is_closed(e, fd));
	client_assert_alive(e);
	close(fd);
}

TEST(state_that_is_no_state_is_refused)
{
	static const char *const states[] = {
		"{}",
		"[]",
		"{\"rep\":1,\"pub\":2}",
		"{\"rep\":{},\"pub\":{}}",
		"{\"rep\":{\"path\":\"/x\"},\"pub\":{\"path\":7}}",
	};
	struct echo *e = *state;

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct handoff_fds fds = {0};
		struct reader none = {0};
		struct admin *next = NULL;
		json_t *j = json_loads(states[i], 0, NULL);

		assert_int_equal(
			admin_restore(&next, e->loop, j, &none, &fds, e->events, echo_request, e),
			-EBADMSG);
		assert_null(next);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_ECHO(test) cmocka_unit_test_setup_teardown(test, echo_setup, echo_teardown)
		WITH_ECHO(clients_notice_nothing_and_new_ones_are_served),
		WITH_ECHO(a_pending_request_is_answered_by_the_next_image),
		WITH_ECHO(bytes_that_wait_in_the_kernel_and_connections_in_the_queue_go_on),
		WITH_ECHO(a_half_read_request_is_completed_at_any_byte),
		WITH_ECHO(a_half_written_answer_is_completed),
		WITH_ECHO(a_subscriber_that_lags_behind_misses_nothing_and_costs_nothing),
		WITH_ECHO(a_request_that_is_being_handled_is_not_saved_as_unread),
		WITH_ECHO(numbers_of_connections_are_never_given_twice),
		WITH_ECHO(descriptors_that_are_not_what_they_were_are_not_taken),
		WITH_ECHO(a_connection_whose_bytes_cannot_be_read_is_closed),
		WITH_ECHO(state_that_is_no_state_is_refused),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
