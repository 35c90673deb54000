/* The command of --build, run before a hand-over: its output is shown like a worker's. */
#ifndef DAEMON_MASTER_BUILD_H
#define DAEMON_MASTER_BUILD_H

#include "common/attr.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct build;
struct ev_loop;
struct output;

/* Called once, when it has ended: waitpid(2)'s status. The build may be destroyed in it. */
typedef void build_done_fn(void *owner, uint64_t generation, int status);

/* Runs `command` by /bin/sh. Returns 0 or -errno. */
int build_start(struct build **b, struct ev_loop *loop, struct output *output, const char *command,
		uint64_t generation, build_done_fn *done, void *owner) BB_NODISCARD;
/* A child has exited. Returns false when it is not this one. */
bool build_exited(struct build *b, pid_t pid, int status);
/* Kills it if it still runs. NULL is allowed. */
void build_destroy(struct build *b);

#endif
