/* Workers that end: as they should, too early, or in the middle of serving. */
#include "daemon/master/cohort.h"

#include "common/log.h"
#include "daemon/master/logbook.h"
#include "daemon/master/worker_failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define TAIL_LINES	 40    /* of stderr, kept with a failure */
#define LONG_LIFE_MS	 10000 /* whoever lived longer is restarted at once */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS	 10000

static int64_t backoff_ms(const struct proc *p)
{
	int64_t ms = p->streak == 0 ? 0 : BACKOFF_FIRST_MS;

	for (uint32_t i = 1; i < p->streak && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* A worker of a generation that serves has died: another one in its place, later each time. */
static void restart(struct supervisor *s, struct proc *p, const char *how)
{
	int64_t delay;

	if (mono_diff_ms(mono_now(), p->started) > LONG_LIFE_MS)
		p->streak = 0;
	delay = backoff_ms(p);
	p->streak++;
	p->restarts++;
	p->state = PROC_WAITING;
	p->ready_at = (struct mono){0};
	p->deadline = mono_add_ms(mono_now(), delay);
	log_warn("worker %llu.%u: %s; restarting it in %lld ms", (unsigned long long)p->generation,
		 p->slot, how, (long long)delay);
	supervisor_emit(s, p, "restarting", how);
	supervisor_arm(s);
}

/* A worker that has served --max-requests leaves by itself: no failure, however soon it comes. */
static bool has_retired(const struct supervisor *s, const struct proc *p, int status)
{
	return p->kind != PROC_COMMAND && p->state == PROC_READY &&
	       s->start.config->limits.requests_max > 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* Nothing is left of a generation: tell once. */
void supervisor_remove(struct supervisor *s, struct proc *p)
{
	uint64_t number = p->generation;
	struct cohort *c;

	supervisor_judge(s, p, false);
	proc_destroy(p);
	supervisor_arm(s);
	if (cohort_has_procs(s, number))
		return;
	c = cohort_find(s, number);
	if (c)
		cohort_destroy(c);
	s->ops->gone(s->owner, number);
}

/* The worker ended while its generation was booting. */
static void fail_by_exit(struct supervisor *s, struct cohort *c, const struct proc *p, int status)
{
	char *tail = logbook_tail(s->book, p->generation, TAIL_LINES);
	struct worker_error e;

	if (worker_failure_make(status, tail, &e) == 0) {
		supervisor_fail(s, c, &e);
		worker_error_finish(&e);
	} else {
		supervisor_fail_text(s, c, "boot", "out of memory");
	}
	free(tail);
}

static struct proc *find_pid(const struct supervisor *s, pid_t pid)
{
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->pid == pid)
			return p;
	}
	return NULL;
}

bool supervisor_exited(struct supervisor *s, pid_t pid, int status)
{
	struct proc *p = find_pid(s, pid);
	struct cohort *c;
	char how[96];

	if (!p) {
		supervisor_hear_newborn(s, pid);
		p = find_pid(s, pid);
	}
	if (!p)
		return false;
	worker_failure_describe(status, how, sizeof(how));
	proc_last_words(p);
	supervisor_emit(s, p, "exited", how);
	proc_exited(p);
	supervisor_query_check(s);
	if (has_retired(s, p, status))
		p->streak = 0;
	c = cohort_find(s, p->generation);
	if (supervisor_starts_cold(s, c, p, status))
		return true;
	supervisor_judge(s, p, false);
	if (c && !c->ready && !c->failed && p->state == PROC_BOOTING)
		fail_by_exit(s, c, p, status);
	/* The owner may have added an error worker meanwhile, never removed `p`. */
	if (!c || c->draining || p->state == PROC_DRAINING || (c->failed && p->kind != PROC_ERROR))
		supervisor_remove(s, p);
	else
		restart(s, p, how);
	return true;
}

void supervisor_not_started(struct supervisor *s, struct proc *p)
{
	struct cohort *c = cohort_find(s, p->generation);
	char message[128];

	snprintf(message, sizeof(message), "the worker cannot be started: %s",
		 strerror(-p->start_error));
	p->start_error = 0;
	proc_kill(p);
	if (c)
		supervisor_fail_text(s, c, "exec", message);
	if (p->pid > 0)
		return; /* its exit decides */
	if (!c || c->draining || (c->failed && p->kind != PROC_ERROR))
		supervisor_remove(s, p);
	else
		restart(s, p, message);
}
