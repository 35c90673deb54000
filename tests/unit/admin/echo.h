/* The admin sockets with a callback that records requests, and answers them when asked to. */
#ifndef TESTS_UNIT_ADMIN_ECHO_H
#define TESTS_UNIT_ADMIN_ECHO_H

#include "daemon/master/admin.h"
#include "daemon/master/ring.h"
#include "tests/unit/admin/temp_dir.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#define HELD_MAX 4096

struct echo {
	struct temp_dir dir;
	char rep_path[128];
	char pub_path[128];
	struct ev_loop *loop;
	struct ring *events;
	struct admin *admin;
	bool hold;	   /* keep requests instead of answering at once */
	size_t answer_len; /* 0: the request itself; else so many bytes */
	size_t requests;
	size_t held;
	struct admin_peer peers[HELD_MAX];
	size_t last_len; /* of the last request */
};

/* cmocka fixtures: *state is a struct echo that listens in a folder of its own. */
int echo_setup(void **state);
int echo_teardown(void **state);

/* Lets the loop do what there is to do now. */
void echo_run(struct echo *e);
void echo_request(void *owner, const struct admin_peer *from, const char *body, size_t len);
/* One more event, for every subscriber. */
void echo_publish(struct echo *e, const char *body, size_t len);
/* Answers a held request. */
void echo_answer(struct echo *e, size_t i, const char *text);

#endif
