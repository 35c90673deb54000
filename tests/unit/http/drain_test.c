/* Draining with a successor: connections change their server without the client noticing. */
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

struct pair {
	struct ev_loop *loop;
	struct server a, b; /* the old one, and the one that takes over */
	struct client client;
	struct reply reply;
};

static int setup(void **state)
{
	struct pair *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	f->loop = ev_loop_new(EVFLAG_AUTO);
	server_init(&f->a, f->loop, say_hello);
	f->a.config.release = take_release;
	server_start(&f->a);
	server_start_beside(&f->b, f->loop, say_hello, &f->a);
	http_server_pause(f->b.http); /* a accepts everything for now */
	client_connect(&f->client, &f->a);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct pair *f = *state;

	client_finish(&f->client);
	server_finish(&f->a);
	server_finish(&f->b);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

/* Gives what `a` released to `b`, as the master does. */
static void hand_over(struct pair *f)
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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	struct pair *f = *state;

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
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(an_idle_connection_that_nobody_takes_is_closed)
{
	struct pair *f = *state;

	f->a.refuse_release = true;
	client_send(&f->client, GET);
	client_expect(&f->client, 200, "hello");
	http_server_drain(f->a.http);
	client_expect_close(&f->client);
	client_finish(&f->client);
	WAIT_FOR(f->loop, f->a.drained == 1);
}

TEST(what_was_paused_can_be_drained)
{
	struct pair *f = *state;

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
	struct pair *f = *state;
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
	struct pair *f = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(http_server_adopt(f->b.http, ends[0], "nonsense", 0, 0, NULL, 0), -EINVAL);
	char byte;
	assert_int_equal(read(ends[1], &byte, 1), 0);
	close(ends[1]);
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
		T(what_was_paused_can_be_drained),
		T(the_old_loop_hears_nothing_of_what_it_gave_away),
		T(a_connection_may_change_servers_many_times),
		T(what_cannot_be_adopted_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
