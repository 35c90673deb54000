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
 * Answers `peer` when generation `number` has got there (or at once). `follow`: when it is superseded, wait for
 * the one that took its place instead of failing (sync). `id` may be NULL.
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

json_t *waiters_save(const struct waiters *w);
int waiters_restore(struct waiters *w, const json_t *state) BB_NODISCARD;

#endif
