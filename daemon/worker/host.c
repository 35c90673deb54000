/* The main of a role inside the blackbulld binary. */
#include "daemon/worker/host.h"

#include "common/log.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

void host_ignore(struct http_request *req)
{
	(void)req;
}

static void stopping(void *app)
{
	struct host *h = app;

	ev_break(h->loop, EVBREAK_ALL);
}

/* Tells the master why we do not serve. */
static void fail(struct worker *w, struct worker_error *e)
{
	worker_fail(w, e);
	worker_error_finish(e);
}

static int serve(struct host *h, struct worker *w)
{
	const struct worker_ops ops = {.http = h->http, .stopping = stopping};
	int err = worker_serve(w, h->loop, &ops, h);

	if (!err)
		ev_run(h->loop, 0);
	else
		log_error_errno(err, "cannot serve");
	return err;
}

static int run(struct host *h, struct worker *w)
{
	struct worker_error e = {0};
	int err = h->prepare(h, worker_config(w), &e);

	if (err) {
		fail(w, &e);
		worker_destroy(w);
		return EXIT_FAILURE;
	}
	h->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	err = h->loop ? serve(h, w) : -ENOMEM;
	worker_destroy(w);
	if (h->loop)
		ev_loop_destroy(h->loop);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int host_main(struct host *h)
{
	struct worker *w;
	int err = worker_open(&w);

	if (err == -ECANCELED)
		return EXIT_SUCCESS;
	if (err) {
		log_error_errno(err, "no worker can start here: it is started by blackbulld alone");
		return EXIT_FAILURE;
	}
	return run(h, w);
}
