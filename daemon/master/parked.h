/*
 * Idle connections that an old worker gave away and no new worker has taken yet. They wait here, across
 * execve too, so that their clients never see a close.
 */
#ifndef DAEMON_MASTER_PARKED_H
#define DAEMON_MASTER_PARKED_H

#include "common/attr.h"
#include "common/list.h"

#include <jansson.h>
#include <stddef.h>

struct handoff_fds;

struct parked {
	struct list_node link; /* supervisor.parked */
	int fd;
	size_t len;
	char record[]; /* a conn_record as it came */
};

/* Takes fd. NULL when memory runs out (then fd is closed). */
struct parked *parked_add(struct list *l, int fd, const void *record, size_t len);
/* Closes the connection. */
void parked_destroy(struct parked *p);
void parked_clear(struct list *l);

json_t *parked_save(const struct list *l, struct handoff_fds *fds);
void parked_restore(struct list *l, const json_t *state, struct handoff_fds *fds);

#endif
