/*
 * A generation: one run of the user's code, from the request for it to its end. The transition function is pure.
 *
 *   requested → building → handing-over → booting → serving → draining → retired
 *                  └──────────┴────────────┴────→ failed
 *
 * The first generation has nothing to hand over and goes from requested to booting. A failed generation of the
 * fresh policy is answered for by an error worker until the next one.
 */
#ifndef DAEMON_MASTER_GENERATION_H
#define DAEMON_MASTER_GENERATION_H

#include "common/attr.h"
#include "common/clock.h"
#include "common/list.h"
#include "common/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum gen_state {
	GEN_REQUESTED,
	GEN_BUILDING,
	GEN_HANDING_OVER,
	GEN_BOOTING,
	GEN_SERVING,
	GEN_DRAINING,
	GEN_RETIRED,
	GEN_FAILED,
};
#define GEN_STATES 8

enum gen_event {
	GEN_EV_BUILD,	  /* the build command starts */
	GEN_EV_HAND_OVER, /* nothing (more) to build: execve comes */
	GEN_EV_BOOT,	  /* workers are being started */
	GEN_EV_READY,	  /* every worker is ready */
	GEN_EV_REPLACED,  /* a newer generation serves */
	GEN_EV_GONE,	  /* the last worker has exited */
	GEN_EV_FAIL,
};

enum gen_reason { GEN_START, GEN_CHANGE, GEN_REQUEST, GEN_SIGNAL };

struct gen_error {
	char *stage; /* "build", "handover", "import", "lifespan", "boot", "ready", "superseded" */
	char *message; /* one line */
	char *file;    /* or NULL */
	char *detail;  /* traceback or the end of stderr, or NULL */
	uint32_t line;
};

struct generation {
	struct list_node link; /* master.generations */
	uint64_t number;
	enum gen_state state;
	enum gen_reason reason;
	struct strv paths; /* that changed, absolute */
	bool has_requester;
	uid_t uid;
	pid_t pid;
	bool superseded; /* failed because a newer change took its place */
	bool ready;	 /* booting no more, but the old workers may not know it yet */
	struct wall created_at;
	struct wall served_at;		 /* zero: never */
	struct mono detected;		 /* first event, or the request */
	struct mono entered[GEN_STATES]; /* when each state began; zero: never */
	struct gen_error *error;	 /* of GEN_FAILED */
};

const char *gen_state_name(enum gen_state s); /* as in the JSON: "handing-over" */
const char *gen_event_name(enum gen_event e);
const char *gen_reason_name(enum gen_reason r); /* "start", "change", "request", "signal" */

/* Whether `event` may happen in `state`; *next is written if so. Pure. */
bool gen_transition(enum gen_state state, enum gen_event event, enum gen_state *next);
/* Terminal: retired or failed. Settled: serving or beyond, or failed (the verdict is known). */
bool gen_is_terminal(enum gen_state s);
bool gen_is_settled(enum gen_state s);

/* NULL when memory runs out. */
struct generation *generation_create(uint64_t number, enum gen_reason reason, struct mono detected);
/* Removes it from its list too. NULL is allowed. */
void generation_destroy(struct generation *g);
/* Applies an event at time `now`; asserts that it is allowed. */
void generation_apply(struct generation *g, enum gen_event e, struct mono now);
/* Copies the strings; only the first error is kept. */
void generation_set_error(struct generation *g, const char *stage, const char *message,
			  const char *file, uint32_t line, const char *detail);

/* The GENERATION object of docs (status, history, events). NULL when memory runs out. */
json_t *generation_to_json(const struct generation *g);
/* Complete state for the hand-over, and back. NULL when it cannot be read. */
json_t *generation_save(const struct generation *g);
struct generation *generation_restore(const json_t *j);

#endif
