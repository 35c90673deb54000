/*
 * The course of generations: what is asked for, built, handed over, booted, and what becomes of it. Every change of
 * a generation's state goes through course_enter(), which tells the log, the event stream, the
 * history and the waiters.
 */
#ifndef DAEMON_MASTER_COURSE_H
#define DAEMON_MASTER_COURSE_H

#include "daemon/master/generation.h"
#include "daemon/master/supervisor.h"

struct master;

/* Applies `event` to g and tells everybody. */
void course_enter(struct master *m, struct generation *g, enum gen_event event);
/* g fails: the fresh policy's error worker takes over, or the old generation goes on, or the daemon ends. */
void course_fail(struct master *m, struct generation *g, const struct worker_error *error);
/* Begins the oldest generation that waits, unless one is under way. */
void course_advance(struct master *m);
/* The first image boots g at once; a later one after execve. */
void course_boot(struct master *m, struct generation *g);
/* The callbacks that the supervisor gets; their owner is the master. */
const struct supervisor_ops *course_supervisor_ops(void);

#endif
