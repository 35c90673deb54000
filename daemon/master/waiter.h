/* What struct waiters holds. Used by waiters*.c alone. */
#ifndef DAEMON_MASTER_WAITER_H
#define DAEMON_MASTER_WAITER_H

#include "common/list.h"
#include "daemon/master/waiters.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAITING_MAX 1024 /* requests, of all clients together */
#define IDS_KEPT    256

struct waiter {
	struct list_node link; /* waiters.waiting */
	struct admin_peer peer;
	uint64_t number; /* of the generation; 0: the newest (WAIT_IDLE) */
	enum wait_until until;
	bool follow;
	bool next; /* superseded: waits for the first generation after `number` */
};

struct deferred {
	struct list_node link; /* waiters.deferred */
	struct admin_peer peer;
	char *op;
	json_t *args;
};

struct known_id {
	char *id;
	uint64_t number;
};

struct waiters {
	struct list waiting;
	struct list deferred;
	size_t count; /* of both */
	struct known_id ids[IDS_KEPT];
	size_t next_id; /* place of the oldest, which the next one takes */
};

/* Appends a copy. False without memory. */
bool waiter_keep(struct waiters *w, const struct waiter *one);
void waiter_remove(struct waiters *w, struct waiter *one);
bool deferred_keep(struct waiters *w, const struct admin_peer *peer, const char *op, json_t *args);
void deferred_remove(struct waiters *w, struct deferred *d);

/* Whether one more may wait. Those whose client has gone are looked for only when it is needed. */
bool waiters_have_room(struct master *m);
void waiters_refuse(struct master *m, const struct admin_peer *peer);

#endif
