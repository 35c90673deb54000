/*
 * The rest of the master as the admin handlers see it: fakes of what they call, a record of what they did, and
 * the answers they gave.
 */
#ifndef TESTS_UNIT_ADMIN_FAKE_MASTER_H
#define TESTS_UNIT_ADMIN_FAKE_MASTER_H

#include "daemon/master/admin.h"
#include "daemon/master/generation.h"
#include "daemon/master/master.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/watcher.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ANSWERS_MAX 8192

struct fake_answer {
	struct admin_peer to;
	json_t *body;
};

struct fake {
	struct master m; /* first: fakes get the master and find the rest by it */
	struct config config;
	struct fake_answer answers[ANSWERS_MAX];
	size_t count;
	uint32_t asked;	    /* requests so far */
	size_t reloads;	    /* calls of master_reload */
	size_t syncs;	    /* calls of watcher_sync */
	size_t queries;	    /* calls of supervisor_query */
	size_t infos;	    /* calls of instance_write_info */
	bool change_queued; /* watcher_sync finds a change */
	bool stopped;
	bool stopped_now;
	bool gone; /* every client has left */
	struct requester by;
	supervisor_workers_fn *workers_done; /* of the query under way */
	void *workers_arg;
	struct strv roots;
	bool paused;
	int add_error; /* what watcher_add_root returns for paths that end in "bad" */
};

/* cmocka fixtures: *state is a struct fake with --reload, without generations. */
int fake_setup(void **state);
int fake_teardown(void **state);

/* Adds a generation in this state, the next number; it is in m.generations. */
struct generation *fake_generation(struct fake *f, enum gen_state state);
/* Makes it go on to this state, and tells the waiters, the history and the list as the master does. */
void fake_enter(struct fake *f, struct generation *g, enum gen_state state);
/* The same with an error of the user's code. */
void fake_fail(struct fake *f, struct generation *g);
void fake_supersede(struct fake *f, struct generation *g);

/* One request of client 1: its number, by which the answer is found. */
uint32_t fake_ask(struct fake *f, const char *json);
/* The answer to it, NULL while there is none. */
json_t *fake_answer(const struct fake *f, uint32_t request);
/* Asserts that there is exactly one answer, a refusal with this code, and with `text` in its message. */
void fake_assert_refused(const struct fake *f, uint32_t request, const char *code,
			 const char *text);
/* Asserts that it was answered with ok; borrowed. */
json_t *fake_assert_ok(const struct fake *f, uint32_t request);
/* The number in result.generation. */
json_int_t fake_answered_generation(const struct fake *f, uint32_t request);
void fake_assert_waiting(const struct fake *f, uint32_t request);

#endif
