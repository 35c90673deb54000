/*
 * The life of a worker process that serves HTTP itself: channel, server, draining. Hosts (site,
 * error page, and the Python extension in daemon/asgi) bring the loop and the application.
 *
 *   worker_open ─► (host loads its application) ─► worker_serve ─► loop … ─► ops->stopping
 *        │                    │
 *        └ CONFIG received    └► worker_fail: FAILED is sent, the host exits
 *
 * When the master is gone (EOF on the channel) the process ends at once with _exit(1).
 */
#ifndef DAEMON_WORKER_WORKER_H
#define DAEMON_WORKER_WORKER_H

#include "common/attr.h"
#include "daemon/http/app.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/worker_config.h"

struct ev_loop;
struct worker;

struct worker_ops {
	struct http_app_ops http;
	/*
	 * The server has drained (or STOP came, or the drain time is over): end the application
	 * (lifespan shutdown) and leave the loop. Called once, from the loop. The worker is not to
	 * be destroyed in it.
	 */
	void (*stopping)(void *app);
};

/*
 * Blocks until CONFIG arrives on WORKER_CHANNEL_FD, puts descriptors (CLOEXEC, non-blocking),
 * signals (SIGINT and SIGPIPE ignored, SIGTERM = drain while serving) and the log in order. No
 * loop is made, nothing is accepted. Returns 0; -ECANCELED: STOP came before CONFIG; -errno.
 */
int worker_open(struct worker **w) BB_NODISCARD;
const struct worker_config *worker_config(const struct worker *w);

/* Serves on `loop`, tells the master READY. Copies *ops. Returns 0 or -errno. */
int worker_serve(struct worker *w, struct ev_loop *loop, const struct worker_ops *ops,
		 void *app) BB_NODISCARD;

/* Tells the master FAILED. The process is expected to exit soon, with a status other than 0. */
void worker_fail(struct worker *w, const struct worker_error *e);

/*
 * At any time but from a callback. NULL is allowed. Between worker_open and worker_serve nobody
 * watches the channel; that a host which loads for long ends with its master is for
 * prctl(PR_SET_PDEATHSIG) to see to.
 */
void worker_destroy(struct worker *w);

/* Mains of the roles inside the blackbulld binary. They return the exit status. */
int worker_site_main(void);
int worker_error_main(void);

#endif
