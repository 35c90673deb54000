/* The nursery from within, for its own files. */
#ifndef DAEMON_MASTER_NURSERY_CORE_H
#define DAEMON_MASTER_NURSERY_CORE_H

#include "daemon/master/nursery.h"
#include "daemon/master/nursery_list.h"
#include "daemon/master/nursery_policy.h"
#include "daemon/master/proc.h"

#include <ev.h>

struct nursery {
	struct ev_loop *loop;
	struct output *output;
	struct proc_start start; /* what it is started with */
	nursery_refused_fn *refused;
	void *owner;

	struct nursery_policy policy;
	struct nursery_list list;
	struct proc *proc; /* NULL: none */
	char *premises;	   /* what it is made for, to be compared with what is; NULL: nothing yet */
	uint32_t modules;  /* that it has imported */
	uint64_t token;	   /* the last one */
	char without[256]; /* what spoilt one, as a reason; or "" */
	ev_timer
		settle; /* never started: fed, so that processes begin and end from the loop only */
	ev_timer soon;	/* starts one */
	ev_timer limit; /* of becoming warm */
};

/* Tells the policy; what follows from it happens from the loop. */
void nursery_tell(struct nursery *n, enum nursery_event event, const char *why);

/* nursery_proc.c */
void nursery_start(struct nursery *n);
/* Kills the process, if there is one, and forgets it. Not from within its callbacks. */
void nursery_end(struct nursery *n);
/* The limit of becoming warm begins. */
void nursery_limit(struct nursery *n);
const struct proc_ops *nursery_proc_ops(void);

#endif
