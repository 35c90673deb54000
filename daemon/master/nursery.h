/*
 * The nursery as the master sees it: a warm Python that forks workers (docs/architecture.md, "The nursery"). It is started
 * in the background once a generation serves, with what that one imported; when it was right to, and when not any
 * more, nursery_policy.h says. Nothing depends on it: whoever asks in vain starts a worker as ever.
 */
#ifndef DAEMON_MASTER_NURSERY_H
#define DAEMON_MASTER_NURSERY_H

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/config/config.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ev_loop;
struct handoff_fds;
struct nursery;
struct output;

/* The nursery does not bear the worker with this token, and says why. */
typedef void nursery_refused_fn(void *owner, uint64_t token, const char *why);

/* Everything is kept by reference. There is none until nursery_configure(). */
int nursery_create(struct nursery **n, struct ev_loop *loop, struct output *output) BB_NODISCARD;
/* Kills the process. NULL is allowed. */
void nursery_destroy(struct nursery *n);
void nursery_set_refused(struct nursery *n, nursery_refused_fn *refused, void *owner);
/* What workers are started with from now on. A nursery that was made for something else goes. */
void nursery_configure(struct nursery *n, const struct config *c, const char *exec_path);

/* The daemon stops: there will be no more births. */
void nursery_stop(struct nursery *n);
/* A generation boots: nothing else is to take its time. */
void nursery_busy(struct nursery *n);
/* It serves or has failed. */
void nursery_idle(struct nursery *n);
/* The body of a MODULES message from a worker of `generation`. */
void nursery_learn(struct nursery *n, uint64_t generation, const void *body, size_t len);

/*
 * Asks for a worker with fds[i] as its descriptor i, the fourth its channel. Returns 0 and its token: then HELLO
 * comes on that channel, or it is refused, or the other end of the channel closes. Else -EAGAIN: it is not warm; -errno.
 */
int nursery_spawn(struct nursery *n, const int *fds, size_t nfds, uint64_t *token) BB_NODISCARD;
/* Hears what it has said by now: why it bears somebody not may be waiting. */
void nursery_listen(struct nursery *n);
/* A worker that was born in it serves. */
void nursery_served(struct nursery *n);
/* It is of no use as it is, and for which reason: the next one is made when the time comes. */
void nursery_discard(struct nursery *n, const char *why);
/* A worker that was born in it failed, maybe for that reason: there are no births until it is known. */
void nursery_suspect(struct nursery *n, const char *why);
enum nursery_verdict {
	NURSERY_INNOCENT,
	NURSERY_USELESS, /* to be made anew */
	NURSERY_GUILTY,	 /* none for this session */
};
void nursery_judge(struct nursery *n, enum nursery_verdict v);
/* A child has exited. Returns false when it is not this one. */
bool nursery_exited(struct nursery *n, pid_t pid, int status);

/* {"state","modules","reason"}, as in `status`. */
json_t *nursery_to_json(const struct nursery *n);

/* Across execve(2): the state, and apart from it the list of modules, which needs no parsing. */
json_t *nursery_save(const struct nursery *n, struct handoff_fds *fds);
int nursery_save_list(const struct nursery *n, struct buf *out) BB_NODISCARD;
void nursery_restore(struct nursery *n, const json_t *state, const void *list, size_t len,
		     struct handoff_fds *fds);

#endif
