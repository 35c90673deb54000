/*
 * The connection to a daemon: requests on its REP socket, events from its PUB socket.
 * The only user of libnng; its errors become -errno here.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "common/attr.h"
#include "common/clock.h"

#include <stddef.h>

struct client;
struct subscription;

/* Where a daemon is. Strings are borrowed; they must outlive what was opened with them. */
struct client_place {
	const char *socket; /* path of a Unix socket */
	const char *dir;    /* the instance's folder, whose lock says "alive"; NULL: not known */
};

/* Connects in the background. Returns 0, -ENAMETOOLONG for a path that no socket can have, -ENOMEM. */
int client_open(struct client **c, const struct client_place *at) BB_NODISCARD;
void client_close(struct client *c);

/*
 * Sends one request and waits for its reply, until `deadline` (unset: for ever). When the connection
 * breaks, the same bytes are sent again as long as the daemon is alive, for a bounded number of
 * times: requests carry an id, so that nothing is done twice.
 * *reply is allocated and NUL-terminated. Returns 0; -ETIMEDOUT; -ECONNREFUSED: not running;
 * -EACCES; -EMSGSIZE: over ADMIN_MESSAGE_MAX; -ECONNRESET: it breaks again and again; -ENOMEM.
 */
int client_request(struct client *c, const char *body, size_t len, struct mono deadline,
		   char **reply) BB_NODISCARD;

/* Subscribes to all events; when it returns 0, none is missed from then on. Same errors. */
int subscription_open(struct subscription **s, const struct client_place *at,
		      struct mono deadline) BB_NODISCARD;
void subscription_close(struct subscription *s);

/*
 * Waits for the next event until `deadline`. Returns 1 and *event (allocated, NUL-terminated); 0: the connection
 * broke and is back, so that events may have been missed; -ETIMEDOUT; -ECONNREFUSED: the daemon is gone.
 */
int subscription_next(struct subscription *s, struct mono deadline, char **event) BB_NODISCARD;

#endif
