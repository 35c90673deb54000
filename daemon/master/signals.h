/* The master's signals, as loop watchers. */
#ifndef DAEMON_MASTER_SIGNALS_H
#define DAEMON_MASTER_SIGNALS_H

#include "common/attr.h"

struct ev_loop;
struct signals;

struct signals_ops {
	void (*stop)(void *owner);	   /* SIGTERM, SIGINT */
	void (*reload)(void *owner);	   /* SIGHUP */
	void (*reopen)(void *owner);	   /* SIGUSR1 */
	void (*child_exited)(void *owner); /* SIGCHLD */
};

/* Default dispositions for everything but SIGPIPE, which is ignored. Signals stay blocked until signals_start(). */
struct signals *signals_create(struct ev_loop *loop, const struct signals_ops *ops, void *owner);
/*
 * Watches and unblocks them. libev leaves a blocked signal blocked (its EVFLAG_NOSIGMASK is inverted in 4.33), and a
 * new image begins with all of them blocked.
 */
void signals_start(struct signals *s);
void signals_destroy(struct signals *s);

#endif
