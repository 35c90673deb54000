/*
 * The main of a role inside the blackbulld binary: a worker whose application is made of a few C
 * functions.
 */
#ifndef DAEMON_WORKER_HOST_H
#define DAEMON_WORKER_HOST_H

#include "common/attr.h"
#include "daemon/worker/worker.h"

struct ev_loop;

struct host {
	struct http_app_ops http; /* their `app` is this struct */
	/*
	 * Makes the application ready. Returns 0, or -errno: then *e is filled, sent to the
	 * master, and finished by host_main().
	 */
	int (*prepare)(struct host *h, const struct worker_config *c, struct worker_error *e);
	struct ev_loop *loop; /* set by host_main() */
};

/* The whole life of the process. Returns the exit status. */
int host_main(struct host *h);

/* For hosts that answer at once: they have no request open when these could be called. */
void host_ignore(struct http_request *req);

#endif
