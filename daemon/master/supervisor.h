/*
 * The set of worker processes: starts them, learns whether they are ready, restarts what dies, drains what is
 * old. It knows generations by number only; what a change of a generation's fortunes means is decided by its owner.
 */
#ifndef DAEMON_MASTER_SUPERVISOR_H
#define DAEMON_MASTER_SUPERVISOR_H

#include "common/attr.h"
#include "common/clock.h"
#include "daemon/config/config.h"
#include "daemon/ipc/channel.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ev_loop;
struct handoff_fds;
struct listeners;
struct logbook;
struct nursery;
struct output;
struct supervisor;

struct supervisor_ops {
	/* Every worker of the generation is ready (once a generation). */
	void (*ready)(void *owner, uint64_t generation);
	/* A worker failed before the generation was ready; `error` is borrowed. Once a generation. */
	void (*failed)(void *owner, uint64_t generation, const struct worker_error *error);
	/* The last worker of the generation has exited. */
	void (*gone)(void *owner, uint64_t generation);
	/* For the event stream: "started", "ready", "exited", "restarting" … */
	void (*worker_event)(void *owner, uint64_t generation, uint32_t slot, pid_t pid,
			     const char *what, const char *detail);
};

/* Everything is kept by reference. */
int supervisor_create(struct supervisor **s, struct ev_loop *loop, struct output *output,
		      struct logbook *book, const struct supervisor_ops *ops,
		      void *owner) BB_NODISCARD;
/* Kills and forgets every process. */
void supervisor_destroy(struct supervisor *s);
/* The nursery that workers are asked of first; kept by reference. Before anything else. */
void supervisor_set_nursery(struct supervisor *s, struct nursery *n);
/* What workers are started with from now on, restarts included. `exec_path` is our own program. */
void supervisor_configure(struct supervisor *s, const struct config *c, const struct listeners *l,
			  const char *exec_path);

/* Starts the workers of `generation`. Failures arrive by ops->failed, from the loop. */
void supervisor_start(struct supervisor *s, uint64_t generation);
/* Starts one worker that answers every request with 503 and the error, in the name of a failed generation. */
void supervisor_start_error(struct supervisor *s, uint64_t generation,
			    const struct worker_error *error);
/* Stop accepting, and the undoing of it, for every generation below `before`. */
void supervisor_pause(struct supervisor *s, uint64_t before);
void supervisor_resume(struct supervisor *s, uint64_t before);
/* Finish what is in flight and leave; killed after drain_timeout_ms. For every generation below `before`. */
void supervisor_drain(struct supervisor *s, uint64_t before, uint64_t drain_timeout_ms);
/* One generation will not serve: SIGKILL to what boots; what was ready finishes what it has accepted. */
void supervisor_abandon(struct supervisor *s, uint64_t generation);
/* An idle connection of a worker that is not ours goes to one that is. Takes fd; `record` is a conn_record. */
void supervisor_adopt(struct supervisor *s, int fd, const void *record, size_t len);
/* SIGKILL to every worker of one generation. */
void supervisor_kill(struct supervisor *s, uint64_t generation);
/* Whether any process of the generation is left. */
bool supervisor_has(const struct supervisor *s, uint64_t generation);
bool supervisor_empty(const struct supervisor *s);

/*
 * Asks every worker for its counters, then calls `done` with the array of WORKER objects (the callee takes it);
 * a worker that does not answer within 20 ms is shown with its last figures. Who has answered has also done what it
 * was told before. With nobody to ask `done`
 * is called before this returns.
 */
typedef void supervisor_workers_fn(void *arg, json_t *workers);
int supervisor_query(struct supervisor *s, supervisor_workers_fn *done, void *arg) BB_NODISCARD;

/* Somebody's child has exited: waitpid(2)'s status. Returns false when it is none of ours. */
bool supervisor_exited(struct supervisor *s, pid_t pid, int status);

/* Answers every query that is under way with the figures at hand: before execve. */
void supervisor_finish_queries(struct supervisor *s);

/* Across execve(2). */
json_t *supervisor_save(const struct supervisor *s, struct handoff_fds *fds);
int supervisor_restore(struct supervisor *s, const json_t *state,
		       struct handoff_fds *fds) BB_NODISCARD;

#endif
