/* Workers that are asked of the nursery: those that are born, that are not, and that had better not been. */
#include "daemon/master/cohort.h"

#include "common/log.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/master/nursery.h"
#include "daemon/master/worker_failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define BIRTH_MS 1000 /* from asking to HELLO */

struct mono supervisor_patience(const struct supervisor *s, const struct proc *p)
{
	return mono_add_ms(mono_now(),
			   p->unborn ? BIRTH_MS : (int64_t)s->start.config->ready_timeout_ms);
}

/* Whether it is a child of ours, alive or not reaped yet, that belongs to no other worker. */
static bool is_newborn(const struct supervisor *s, pid_t pid)
{
	siginfo_t info;

	list_for_each(p, &s->procs, struct proc, link) {
		if (p->pid == pid)
			return false;
	}
	return pid == s->reaped ||
	       waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void supervisor_hello(struct supervisor *s, struct proc *p, const void *body, size_t len)
{
	uint32_t pid;

	/* One that is no child of ours is not waited for; the time limit ends this. */
	if (!p->unborn || nursery_number_decode(body, len, &pid) < 0 || !is_newborn(s, (pid_t)pid))
		return;
	p->unborn = false;
	p->nursed = true;
	p->pid = (pid_t)pid;
	supervisor_emit(s, p, "started", "in the nursery");
	p->deadline = supervisor_patience(s, p);
	if (p->doomed)
		proc_kill(p);
	supervisor_arm(s);
}

void supervisor_hear_newborn(struct supervisor *s, pid_t pid)
{
	s->reaped = pid;
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->unborn)
			proc_last_words(p);
	}
	s->reaped = 0;
}

static void start_cold(struct supervisor *s, struct proc *p)
{
	p->cold = true;
	supervisor_start_proc(s, p);
	supervisor_arm(s);
}

void supervisor_not_born(struct supervisor *s, struct proc *p, const char *why)
{
	p->unborn = false;
	if (p->state == PROC_DRAINING || p->doomed) {
		/* It leaves by its deadline: somebody may be walking the list. */
		p->state = PROC_DRAINING;
		p->deadline = mono_now();
		supervisor_arm(s);
		return;
	}
	log_info("worker %llu.%u: %s; starting it without the nursery",
		 (unsigned long long)p->generation, p->slot, why);
	proc_unwatch(p);
	start_cold(s, p);
}

void supervisor_overdue(struct supervisor *s, struct proc *p)
{
	nursery_discard(s->start.nursery, "it did not answer in time");
	supervisor_not_born(s, p, "the nursery does not answer");
}

void supervisor_doubted(struct supervisor *s, struct proc *p, const void *body, size_t len)
{
	struct reader rest;
	char *why = NULL;

	if (!p->nursed || nursery_why_decode(body, len, &why, &rest) < 0)
		return;
	p->doubt = DOUBT_ASKED;
	log_info("worker %llu.%u: %s", (unsigned long long)p->generation, p->slot, why);
	nursery_suspect(s->start.nursery, why);
	free(why);
}

/* It crashed before it served: its own code, or what the nursery has made of it. */
static void suspect_crash(struct supervisor *s, struct proc *p, int status)
{
	char how[96], why[160];

	p->doubt = DOUBT_CRASHED;
	snprintf(why, sizeof(why), "a worker that was born in it was %s",
		 worker_failure_describe(status, how, sizeof(how)));
	nursery_suspect(s->start.nursery, why);
}

bool supervisor_starts_cold(struct supervisor *s, const struct cohort *c, struct proc *p,
			    int status)
{
	bool crashed = WIFSIGNALED(status);

	if (!p->nursed || p->killed || p->state != PROC_BOOTING || !c || c->failed || c->draining ||
	    !(crashed || p->doubt == DOUBT_ASKED))
		return false;
	if (p->doubt == DOUBT_NONE)
		suspect_crash(s, p, status);
	log_info("worker %llu.%u: trying without the nursery", (unsigned long long)p->generation,
		 p->slot);
	start_cold(s, p);
	return true;
}

void supervisor_judge(struct supervisor *s, struct proc *p, bool ready)
{
	enum proc_doubt doubt = p->doubt;

	p->doubt = DOUBT_NONE;
	if (ready && p->nursed)
		nursery_served(s->start.nursery);
	if (ready)
		p->cold = false; /* another one in its place may come from the nursery */
	if (doubt == DOUBT_NONE)
		return;
	if (!ready)
		nursery_judge(s->start.nursery, NURSERY_INNOCENT);
	else
		nursery_judge(s->start.nursery,
			      doubt == DOUBT_CRASHED ? NURSERY_GUILTY : NURSERY_USELESS);
}
