/*
 * The supervisor from within: the processes of one generation as a set, and what the supervisor's files share.
 */
#ifndef DAEMON_MASTER_COHORT_H
#define DAEMON_MASTER_COHORT_H

#include "common/list.h"
#include "daemon/ipc/channel.h"
#include "daemon/master/proc.h"
#include "daemon/master/supervisor.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct cohort {
	struct list_node link; /* supervisor.cohorts, by number */
	uint64_t number;       /* of the generation */
	bool ready;	       /* ops->ready was called */
	bool failed;	       /* ops->failed was called */
	bool draining;
	struct worker_error error; /* what its error worker shows */
};

/* Somebody waits for the workers' figures. */
struct stats_query {
	struct list_node link; /* supervisor.queries */
	supervisor_workers_fn *done;
	void *arg;
};

struct supervisor {
	struct ev_loop *loop;
	struct output *output;
	struct logbook *book;
	const struct supervisor_ops *ops;
	void *owner;
	struct proc_start start; /* configuration in force */
	struct list procs;	 /* struct proc.link */
	struct list cohorts;	 /* struct cohort.link, oldest first */
	struct list parked;	 /* struct parked.link */
	struct list queries;	 /* struct stats_query.link */
	ev_timer deadlines;	 /* the earliest of the procs' */
	ev_timer probe;		 /* runs while a command boots that says nothing of itself */
	ev_timer query_limit;
	uint64_t turn; /* round robin of connections */
	pid_t reaped;  /* whose exit is being told: no child of ours any more, but it was */
};

struct cohort *cohort_find(const struct supervisor *s, uint64_t number);
/* Appends one. NULL when memory runs out. */
struct cohort *cohort_add(struct supervisor *s, uint64_t number);
void cohort_destroy(struct cohort *c);
bool cohort_has_procs(const struct supervisor *s, uint64_t number);

/* To the event stream. */
void supervisor_emit(struct supervisor *s, const struct proc *p, const char *what,
		     const char *detail);
/* The generation will not serve: its other workers go, its owner decides what comes instead. */
void supervisor_fail(struct supervisor *s, struct cohort *c, const struct worker_error *e);
void supervisor_fail_text(struct supervisor *s, struct cohort *c, const char *stage,
			  const char *message);
/* A worker is ready; the generation is when all are. */
void supervisor_ready(struct supervisor *s, struct proc *p);
/* supervisor_birth.c: HELLO came, and whose it is. */
void supervisor_hello(struct supervisor *s, struct proc *p, const void *body, size_t len);
/* The nursery has borne nobody for `p`: it is started without, unless nobody wants it any more. */
void supervisor_not_born(struct supervisor *s, struct proc *p, const char *why);
/* The nursery has not answered in time. */
void supervisor_overdue(struct supervisor *s, struct proc *p);
/* RETRY came. */
void supervisor_doubted(struct supervisor *s, struct proc *p, const void *body, size_t len);
/* An exit of somebody unknown: the newborn may still have a HELLO on its way. */
void supervisor_hear_newborn(struct supervisor *s, pid_t pid);
/* A worker has ended: whether that may be the nursery's fault, so that it is started anew without. */
bool supervisor_starts_cold(struct supervisor *s, const struct cohort *c, struct proc *p,
			    int status);
/* A worker that was started anew without the nursery is ready, or is no more. */
void supervisor_judge(struct supervisor *s, struct proc *p, bool ready);
/* Until when a process that was just started must have said something. */
struct mono supervisor_patience(const struct supervisor *s, const struct proc *p);

/* The callbacks of every proc. */
const struct proc_ops *supervisor_proc_ops(void);

/* supervisor.c */
void supervisor_start_proc(struct supervisor *s, struct proc *p);

/* supervisor_clock.c */
void supervisor_clock_init(struct supervisor *s);
/* Sets the timer to the earliest deadline. */
void supervisor_arm(struct supervisor *s);

/* supervisor_exit.c: a process could not be started, p->start_error says why. */
void supervisor_not_started(struct supervisor *s, struct proc *p);
/* The same file: forgets a proc without a process; tells the owner when it was the generation's last. */
void supervisor_remove(struct supervisor *s, struct proc *p);

/* supervisor_conns.c: connections between workers. */
void supervisor_route(struct supervisor *s, const struct proc *from, int fd, const void *record,
		      size_t len);
void supervisor_flush_parked(struct supervisor *s);

/* supervisor_query.c */
void supervisor_query_init(struct supervisor *s);
void supervisor_stats_arrived(struct supervisor *s, struct proc *p, const void *data, size_t len);
/* A process is gone: nobody need wait for its figures. */
void supervisor_query_check(struct supervisor *s);

#endif
