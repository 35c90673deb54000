/* Busy clients whose server is replaced again and again: nothing is lost, and nobody notices. */
#include "tests/unit/http/harness.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define GET	  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLIENTS	  16
#define HANDOVERS 40

struct relay {
	struct ev_loop *loop;
	struct server servers[HANDOVERS + 1];
	struct server *now;
	struct client clients[CLIENTS];
	unsigned int replies;
};

/* Every other request is still in flight when the handler returns. */
static void now_or_later(struct server *s, struct http_request *req)
{
	if (s->held)
		say_hello(s, req);
	else
		s->held = req;
}

static void answer_held(struct server *s)
{
	struct http_request *req = s->held;

	s->held = NULL;
	if (req)
		say_hello(s, req);
}

/* Takes the reply if it is whole, and asks again. */
static void keep_asking(struct relay *r, struct client *c)
{
	static const char end[] = "\r\n\r\nhello";
	size_t len = buf_len(&c->in);
	char *found = len ? memmem(buf_data(&c->in), len, end, sizeof(end) - 1) : NULL;

	assert_false(c->eof);
	if (!found)
		return;
	assert_int_equal(strncmp(buf_data(&c->in), "HTTP/1.1 200 ", 13), 0);
	buf_consume(&c->in, (size_t)(found - buf_data(&c->in)) + sizeof(end) - 1);
	assert_int_equal(buf_len(&c->in), 0); /* one request, one reply */
	r->replies++;
	client_send(c, GET);
}

static void go_on(struct relay *r, struct server *s)
{
	turn(r->loop, "a reply");
	answer_held(s);
	for (size_t i = 0; i < CLIENTS; i++)
		keep_asking(r, &r->clients[i]);
}

/* The next server starts, the old one is drained, and what it gives away is adopted as it comes. */
static void replace(struct relay *r, struct server *next)
{
	struct server *old = r->now;

	server_start_beside(next, r->loop, now_or_later, old);
	http_server_drain(old->http);
	while (old->http || old->released_count > 0) {
		for (size_t i = 0; i < old->released_count; i++) {
			struct released *c = &old->released[i];

			assert_int_equal(http_server_adopt(next->http, c->fd, c->peer, c->listener,
							   c->requests, c->pending, c->pending_len),
					 0);
		}
		old->released_count = 0;
		if (old->http)
			go_on(r, old);
		answer_held(next);
	}
	r->now = next;
}

TEST(no_request_and_no_connection_is_lost_in_many_handovers)
{
	struct relay *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	signal(SIGPIPE, SIG_IGN);
	r->loop = ev_loop_new(EVFLAG_AUTO);
	r->now = &r->servers[0];
	server_init(r->now, r->loop, now_or_later);
	r->now->config.release = take_release;
	server_start(r->now);
	for (size_t i = 0; i < CLIENTS; i++) {
		client_connect(&r->clients[i], r->now);
		client_send(&r->clients[i], GET);
	}
	WAIT_FOR(r->loop, http_server_stats(r->now->http).accepted == CLIENTS);
	for (unsigned int i = 1; i <= HANDOVERS; i++) {
		replace(r, &r->servers[i]);
		while (r->replies < i * 50)
			go_on(r, r->now);
	}

	struct http_server_stats last = http_server_stats(r->now->http);
	assert_int_equal(last.accepted, 0);
	assert_int_equal(last.connections, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		client_finish(&r->clients[i]);
	unsigned int aborts = 0;
	for (size_t i = 0; i <= HANDOVERS; i++) {
		aborts += r->servers[i].aborts;
		server_finish(&r->servers[i]);
	}
	assert_int_equal(aborts, 0);
	ev_loop_destroy(r->loop);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_request_and_no_connection_is_lost_in_many_handovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
