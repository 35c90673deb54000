/* The admin sockets with a callback that records requests. */
#include "tests/unit/admin/echo.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void echo_request(void *owner, const struct admin_peer *from, const char *body, size_t len)
{
	struct echo *e = owner;

	e->requests++;
	e->last_len = len;
	if (e->hold) {
		assert_true(e->held < HELD_MAX);
		e->peers[e->held++] = *from;
	} else if (e->answer_len) {
		char *long_answer = malloc(e->answer_len);

		memset(long_answer, 'a', e->answer_len);
		admin_reply(e->admin, from, long_answer, e->answer_len);
		free(long_answer);
	} else {
		admin_reply(e->admin, from, body, len);
	}
}

void echo_answer(struct echo *e, size_t i, const char *text)
{
	admin_reply(e->admin, &e->peers[i], text, strlen(text));
}

void echo_publish(struct echo *e, const char *body, size_t len)
{
	const struct iovec part = {(char *)(uintptr_t)body, len};

	assert_int_equal(ring_add(e->events, &part, 1), 0);
	admin_publish(e->admin);
}

void echo_run(struct echo *e)
{
	/* What one turn sets off is done in the next; the longest chain is accept, hello, requests. */
	for (int i = 0; i < 8; i++)
		ev_run(e->loop, EVRUN_NOWAIT);
}

int echo_setup(void **state)
{
	struct echo *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	temp_dir_make(&e->dir);
	snprintf(e->rep_path, sizeof(e->rep_path), "%s/admin.sock", e->dir.path);
	snprintf(e->pub_path, sizeof(e->pub_path), "%s/events.sock", e->dir.path);
	e->loop = ev_loop_new(EVFLAG_AUTO);
	assert_non_null(e->loop);
	e->events = ring_create("events", 1024 * 1024, 4096);
	assert_non_null(e->events);
	assert_int_equal(admin_create(&e->admin, e->loop, e->rep_path, e->pub_path, e->events,
				      echo_request, e),
			 0);
	*state = e;
	return 0;
}

int echo_teardown(void **state)
{
	struct echo *e = *state;

	admin_destroy(e->admin);
	ring_destroy(e->events);
	ev_loop_destroy(e->loop);
	temp_dir_remove(&e->dir);
	free(e);
	return 0;
}
