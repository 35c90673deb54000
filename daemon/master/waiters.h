/*
 * Requests that are answered later: when a generation is accepted, ready, drained, or when nothing is
 * under way. They cross execve with the admin connections; a repeated id gets the first answer.
 */
#ifndef DAEMON_MASTER_WAITERS_H
#define DAEMON_MASTER_WAITERS_H

#include "common/attr.h"
#include "daemon/master/admin.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct generation;
struct master;
struct waiters;

enum wait_until { WAIT_READY, WAIT_DRAINED, WAIT_IDLE };

struct waiters *waiters_create(void);
void waiters_destroy(struct waiters *w);

/*
 * Answers `peer` when generation `number` has got there (or at once). WAIT_DRAINED: and no older one is left.
 * WAIT_IDLE: nothing is under way; with number 0 the newest verdict is the answer. `follow`: when it is
 * superseded, wait for the one that took its place instead of failing (sync). `id` may be NULL; else it is kept.
 */
void waiters_add(struct master *m, const struct admin_peer *peer, uint64_t number,
		 enum wait_until until, bool follow, const char *id);
/* The generation changed its state: answers whoever waited for that. Called after every transition. */
void waiters_notify(struct master *m, const struct generation *g);
/* The daemon stops: everybody left is told so. */
void waiters_stop(struct master *m);

/* The generation that a request with this id was given before, 0 if none (idempotency; 256 are kept). */
uint64_t waiters_find_id(const struct waiters *w, const char *id);
void waiters_keep_id(struct waiters *w, const char *id, uint64_t number);

/*
 * Requests that wait for something else than a generation are kept as they came, by operation, until whoever knows
 * that it has happened takes them out again. `args` is borrowed.
 */
void waiters_defer(struct master *m, const struct admin_peer *peer, const char *op, json_t *args);
bool waiters_has_deferred(const struct waiters *w, const char *op);
/* `args` is borrowed. The request may be deferred again from here. */
typedef void waiters_deferred_fn(struct master *m, const struct admin_peer *peer, json_t *args,
				 void *arg);
/* Calls `fn` once for each request of the operation that is deferred now, oldest first. */
void waiters_take_deferred(struct master *m, const char *op, waiters_deferred_fn *fn, void *arg);

/* Across execve(2). Unreadable parts are left out on restore: their clients ask again. */
json_t *waiters_save(const struct waiters *w);
int waiters_restore(struct waiters *w, const json_t *state) BB_NODISCARD;

#endif
