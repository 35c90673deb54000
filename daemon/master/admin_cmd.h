/* What the admin requests mean: one table of operations, alphabetical; each handler answers now or leaves a waiter. */
#ifndef DAEMON_MASTER_ADMIN_CMD_H
#define DAEMON_MASTER_ADMIN_CMD_H

#include "daemon/master/admin.h"

/* The admin_request_fn of the master; `owner` is its struct master. */
void admin_cmd_handle(void *owner, const struct admin_peer *from, const char *body, size_t len);

/* The object that `hello` and `status` agree on, and info.json holds. New reference or NULL. */
struct master;
json_t *admin_cmd_info(const struct master *m);

#endif
