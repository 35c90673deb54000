/* Pausing, draining, and connections that change their server without the client noticing. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

struct fixture {
	struct ev_loop *loop;
	struct server a, b; /* the old one, and the one that takes over */
	struct client client;
	struct reply reply;
};

static bool take_release(void *owner, const struct http_release *r)
{
	struct server *s = owner;
	struct released *to = &s->released[s->released_count];

	if (s->refuse_release)
		return false;
	assert_true(s->released_count < RELEASED_MAX);
	assert_true(r->pending_len <= sizeof(to->pending));
	to->fd = r->fd;
	memcpy(to->pending, r->pending_len ? r->pending : "", r->pending_len);
	to->pending_len = r->pending_len;
	to->listener = r->listener;
	to->requests = r->requests;
	snprintf(to->peer, sizeof(to->peer), "%s", r->peer);
	s->released_count++;
	return true;
}

static int setup_with(void **state, bool release)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	f->loop = ev_loop_new(EVFLAG_AUTO);
	server_init(&f->a, f->loop, say_hello);
	if (release)
		f->a.config.release = take_release;
	server_start(&f->a);
	server_start_beside(&f->b, f->loop, say_hello, &f->a);
	http_server_pause(f->b.http); /* a accepts everything for now */
	client_connect(&f->client, &f->a);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, true);
}

static int setup_alone(void **state)
{
	return setup_with(state, false);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	client_finish(&f->client);
	server_finish(&f->a);
	server_finish(&f->b);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

/* Gives what `a` released to `b`, as the master does. */
static void hand_over(struct fixture *f)
{
	http_server_resume(f->b.http);
	for (size_t i = 0; i < f->a.released_count; i++) {
		struct released *r = &f->a.released[i];

		assert_int_equal(http_server_adopt(f->b.http, r->fd, r->peer, r->listener,
						   r->requests, r->pending, r->pending_len),
				 0);
	}
	f->a.released_count = 0;
}

TEST(an_idle_connection_goes_on_in_the_next_server)
{
	struct fixture *f = *state;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_drain(f->a.http);
	WAIT_FOR(f->loop, f->a.drained == 1);
	assert_int_equal(f->a.released_count, 1);
	assert_int_equal(f->a.released[0].requests, 1);
	assert_int_equal(f->a.released[0].pending_len, 0);
	assert_int_equal(strncmp(f->a.released[0].peer, "127.0.0.1:", 10), 0);
	hand_over(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->b.requests, 1);
	assert_int_equal(f->a.requests, 1);
	assert_int_equal(strncmp(f->b.access_client, "127.0.0.1:", 10), 0);
}

TEST(half_a_head_travels_along)
{
	struct fixture *f = *state;

	client_send(&f->client, GET GET "GET / HT");
	client_expect(&f->client, 200, "hello");
	client_expect(&f->client, 200, "hello");
	http_server_drain(f->a.http);
	assert_int_equal(f->a.released_count, 1);
	assert_int_equal(f->a.released[0].pending_len, 8);
	assert_memory_equal(f->a.released[0].pending, "GET / HT", 8);
	hand_over(f);
	client_send(&f->client, "TP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->b.requests, 1);
}

TEST(a_request_in_flight_is_finished_and_the_connection_then_given_away)
{
	struct fixture *f = *state;

	f->a.handler = hold;
	client_send(&f->client, GET GET);
	WAIT_FOR(f->loop, f->a.held);
	http_server_drain(f->a.http);
	settle(f->loop);
	assert_int_equal(f->a.released_count, 0);
	assert_int_equal(f->a.drained, 0);
	say_hello(&f->a, f->a.held);
	WAIT_FOR(f->loop, f->a.drained == 1);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_null(strstr(f->reply.head, "Connection"));
	/* The second request was never begun here: it is answered there. */
	assert_int_equal(f->a.requests, 1);
	assert_int_equal(f->a.released[0].pending_len, strlen(GET));
	hand_over(f);
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->b.requests, 1);
}

TEST(an_upload_in_flight_is_finished_first)
{
	struct fixture *f = *state;

	f->a.handler = read_then_hello;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
	WAIT_FOR(f->loop, f->a.requests == 1);
	http_server_drain(f->a.http);
	settle(f->loop);
	client_send(&f->client, "56789" GET);
	client_expect(&f->client, 200, "hello");
	WAIT_FOR(f->loop, f->a.drained == 1);
	hand_over(f);
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->b.requests, 1);
}

TEST(a_connection_that_asked_for_its_end_is_closed)
{
	struct fixture *f = *state;

	f->a.handler = hold;
	client_send(&f->client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(f->loop, f->a.held);
	http_server_drain(f->a.http);
	say_hello(&f->a, f->a.held);
	client_expect(&f->client, 200, "hello");
	client_expect_close(&f->client);
	assert_int_equal(f->a.released_count, 0);
}

TEST(a_connection_that_has_said_nothing_yet_is_given_away_too)
{
	struct fixture *f = *state;

	WAIT_FOR(f->loop, http_server_stats(f->a.http).accepted == 1);
	http_server_drain(f->a.http);
	assert_int_equal(f->a.released_count, 1);
	assert_int_equal(f->a.released[0].requests, 0);
	hand_over(f);
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->b.requests, 1);
}

TEST(a_connection_that_nobody_takes_is_served_to_its_end)
{
	struct fixture *f = *state;

	f->a.refuse_release = true;
	client_send(&f->client, GET "GET / HTTP");
	client_expect(&f->client, 200, "hello");
	settle(f->loop);
	http_server_drain(f->a.http);
	client_send(&f->client, "/1.1\r\nHost: a\r\n\r\n");
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(an_idle_connection_that_nobody_takes_is_closed)
{
	struct fixture *f = *state;

	f->a.refuse_release = true;
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_drain(f->a.http);
	client_expect_close(&f->client);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(without_a_successor_the_response_in_flight_says_close)
{
	struct fixture *f = *state;
	struct client idle, fresh;

	client_connect(&idle, &f->a);
	client_connect(&fresh, &f->a);
	client_send(&idle, GET);
	client_expect(&idle, 200, "hello");
	WAIT_FOR(f->loop, http_server_stats(f->a.http).accepted == 3);
	f->a.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->a.held);
	http_server_drain(f->a.http);
	client_expect_close(&idle);
	/* Accepted, but its request is still on its way: it is waited for. */
	f->a.handler = say_hello;
	client_send(&fresh, GET);
	client_reply(&fresh, &f->reply, false);
	assert_true(reply_has(&f->reply, "Connection: close"));
	say_hello(&f->a, f->a.held);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	client_finish(&idle);
	client_finish(&fresh);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(a_request_that_reached_the_kernel_before_the_drain_is_served)
{
	struct fixture *f = *state;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	client_send(&f->client, GET); /* the loop has not seen it yet */
	http_server_drain(f->a.http);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.status, 200);
	assert_true(reply_has(&f->reply, "Connection: close"));
	client_expect_close(&f->client);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(a_server_without_connections_has_drained_at_the_next_turn)
{
	struct fixture *f = *state;
	struct server empty;

	server_start_beside(&empty, f->loop, say_hello, &f->a);
	http_server_drain(empty.http);
	assert_int_equal(empty.drained, 0);
	WAIT_FOR(f->loop, empty.drained == 1);
	assert_null(empty.http);
	server_finish(&empty);
}

TEST(a_paused_server_accepts_and_begins_nothing_until_it_is_resumed)
{
	struct fixture *f = *state;
	struct client fresh;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_pause(f->a.http);
	client_connect(&fresh, &f->a);
	client_send(&fresh, GET);
	client_send(&f->client, GET);
	settle(f->loop);
	assert_int_equal(f->a.requests, 1);
	assert_int_equal(http_server_stats(f->a.http).accepted, 1);
	http_server_resume(f->a.http);
	client_expect(&f->client, 200, "hello");
	client_expect(&fresh, 200, "hello");
	client_finish(&fresh);
}

TEST(a_paused_server_finishes_what_is_in_flight)
{
	struct fixture *f = *state;

	f->a.handler = read_then_hello;
	client_send(&f->client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
	WAIT_FOR(f->loop, f->a.requests == 1);
	http_server_pause(f->a.http);
	client_send(&f->client, "abc" GET);
	client_expect(&f->client, 200, "hello");
	settle(f->loop);
	assert_int_equal(f->a.requests, 1);
	http_server_resume(f->a.http);
	client_expect(&f->client, 200, "hello");
}

TEST(the_time_limits_stand_still_while_paused)
{
	struct fixture *f = *state;
	struct server s;
	struct client c;

	server_init(&s, f->loop, say_hello);
	s.config.limits.keep_alive_timeout_ms = 20;
	s.config.limits.header_timeout_ms = 20;
	server_start(&s);
	client_connect(&c, &s);
	client_send(&c, GET "GET / ");
	client_expect(&c, 200, "hello");
	http_server_pause(s.http);
	ev_sleep(0.05);
	settle(f->loop);
	assert_false(c.eof);
	assert_int_equal(s.refusals, 0);
	client_send(&c, "HTTP/1.1\r\nHost: a\r\n\r\n");
	http_server_resume(s.http);
	client_expect(&c, 200, "hello");
	client_finish(&c);
	server_finish(&s);
}

TEST(what_was_paused_can_be_drained)
{
	struct fixture *f = *state;

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_pause(f->a.http);
	client_send(&f->client, GET); /* stays unread */
	settle(f->loop);
	http_server_drain(f->a.http);
	WAIT_FOR(f->loop, f->a.drained == 1);
	hand_over(f);
	client_expect(&f->client, 200, "hello");
	assert_int_equal(f->a.requests, 1);
	assert_int_equal(f->b.requests, 1);
}

/* The number of an epoll descriptor that is not in `known`, -1 if there is none. */
static int new_epoll(int known)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	int found = -1;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char link[64] = "";

		if (readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1) > 0 &&
		    strcmp(link, "anon_inode:[eventpoll]") == 0 &&
		    strtol(e->d_name, NULL, 10) != known)
			found = (int)strtol(e->d_name, NULL, 10);
	}
	closedir(dir);
	return found;
}

static bool has_event(int epoll)
{
	struct pollfd p = {.fd = epoll, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* The fixture's loop exists too. */
TEST(the_old_loop_hears_nothing_of_what_it_gave_away)
{
	int first = new_epoll(-1);
	struct ev_loop *old_loop = ev_loop_new(EVFLAG_AUTO);
	int old_epoll = new_epoll(first);
	struct server old;
	struct client c;

	server_init(&old, old_loop, say_hello);
	old.config.release = take_release;
	server_start(&old);
	client_connect(&c, &old);
	client_send(&c, GET);
	client_expect(&c, 200, "hello");
	client_pause(&c, true); /* the client is in the same loop */
	http_server_drain(old.http);
	WAIT_FOR(old_loop, old.drained == 1);
	assert_int_equal(old.released_count, 1);

	/* As when another process holds it: our close(2) does not end it. */
	int held = old.released[0].fd;
	old.released[0].fd = dup(held);
	close(held);
	settle(old_loop);
	assert_false(has_event(old_epoll));
	client_send(&c, GET);
	assert_false(has_event(old_epoll));
	client_finish(&c);
	server_finish(&old);
	ev_loop_destroy(old_loop);
}

TEST(a_connection_may_change_servers_many_times)
{
	struct fixture *f = *state;
	struct server servers[6];

	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	struct server *from = &f->a;
	for (int i = 0; i < 6; i++) {
		struct server *to = &servers[i];

		server_init(to, f->loop, say_hello);
		to->config.release = take_release;
		server_start(to);
		http_server_drain(from->http);
		WAIT_FOR(f->loop, from->drained == 1);
		assert_int_equal(from->released_count, 1);
		struct released *r = &from->released[0];
		assert_int_equal(r->requests, 1 + i);
		assert_int_equal(http_server_adopt(to->http, r->fd, r->peer, r->listener,
						   r->requests, NULL, 0),
				 0);
		from->released_count = 0;
		client_send(&f->client, GET);
		client_expect(&f->client, 200, "hello");
		from = to;
	}
	for (int i = 0; i < 6; i++)
		server_finish(&servers[i]);
}

TEST(what_cannot_be_adopted_is_closed)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(http_server_adopt(f->b.http, ends[0], "nonsense", 0, 0, NULL, 0), -EINVAL);
	char byte;
	assert_int_equal(read(ends[1], &byte, 1), 0);
	close(ends[1]);
}

TEST(destroying_a_server_aborts_what_is_in_flight)
{
	struct fixture *f = *state;

	f->a.handler = hold;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->a.held);
	http_server_destroy(f->a.http);
	f->a.http = NULL;
	assert_int_equal(f->a.aborts, 1);
	WAIT_FOR(f->loop, f->client.eof);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_idle_connection_goes_on_in_the_next_server),
		T(half_a_head_travels_along),
		T(a_request_in_flight_is_finished_and_the_connection_then_given_away),
		T(an_upload_in_flight_is_finished_first),
		T(a_connection_that_asked_for_its_end_is_closed),
		T(a_connection_that_has_said_nothing_yet_is_given_away_too),
		T(a_connection_that_nobody_takes_is_served_to_its_end),
		T(an_idle_connection_that_nobody_takes_is_closed),
		cmocka_unit_test_setup_teardown(
			without_a_successor_the_response_in_flight_says_close, setup_alone,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_request_that_reached_the_kernel_before_the_drain_is_served, setup_alone,
			teardown),
		T(a_server_without_connections_has_drained_at_the_next_turn),
		T(a_paused_server_accepts_and_begins_nothing_until_it_is_resumed),
		T(a_paused_server_finishes_what_is_in_flight),
		T(the_time_limits_stand_still_while_paused),
		T(what_was_paused_can_be_drained),
		T(the_old_loop_hears_nothing_of_what_it_gave_away),
		T(a_connection_may_change_servers_many_times),
		T(what_cannot_be_adopted_is_closed),
		T(destroying_a_server_aborts_what_is_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
