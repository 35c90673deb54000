/* A command that is run before a hand-over (--build, the trial of a new binary): its output is shown like a worker's. */
#ifndef DAEMON_MASTER_TASK_H
#define DAEMON_MASTER_TASK_H

#include "common/attr.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct task;
struct ev_loop;
struct output;

/* Called once, when it has ended: waitpid(2)'s status. The task may be destroyed in it. */
typedef void task_done_fn(void *owner, uint64_t generation, int status);

/* Runs argv[0], looked up in PATH unless it has a '/', in the name of a generation. Returns 0 or -errno. */
int task_start(struct task **t, struct ev_loop *loop, struct output *output, char *const argv[],
	       uint64_t generation, task_done_fn *done, void *owner) BB_NODISCARD;
/* Kills it after so long; it is over time then. */
void task_limit(struct task *t, double seconds);
bool task_is_over_time(const struct task *t);
/* A child has exited. Returns false when it is not this one. */
bool task_exited(struct task *t, pid_t pid, int status);
/* Kills it if it still runs. NULL is allowed. */
void task_destroy(struct task *t);

#endif
