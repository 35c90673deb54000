/* What the admin requests mean: one table of operations, alphabetical; each handler answers now or leaves a waiter. */
#ifndef DAEMON_MASTER_ADMIN_CMD_H
#define DAEMON_MASTER_ADMIN_CMD_H

#include "daemon/master/admin.h"

/* The admin_request_fn of the master; `owner` is its struct master. */
void admin_cmd_handle(void *owner, const struct admin_peer *from, const char *body, size_t len);

/* Lines were added to the logbook: answers the `logs` requests that wait for some. */
struct master;
void admin_cmd_log_added(struct master *m);

/* Who we are and what we watch, which info.json holds and `hello` tells in part. New reference or NULL. */
json_t *admin_cmd_info(const struct master *m);

#endif
