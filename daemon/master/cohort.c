/* Generations as sets of processes, and what their workers say. */
#include "daemon/master/cohort.h"

#include "daemon/master/logbook.h"
#include "daemon/master/nursery.h"

#include <stdlib.h>

#define TAIL_LINES 40 /* of stderr, kept with a failure */

void supervisor_emit(struct supervisor *s, const struct proc *p, const char *what,
		     const char *detail)
{
	s->ops->worker_event(s->owner, p->generation, p->slot, p->pid, what, detail);
}

struct cohort *cohort_find(const struct supervisor *s, uint64_t number)
{
	list_for_each(c, &s->cohorts, struct cohort, link) {
		if (c->number == number)
			return c;
	}
	return NULL;
}

struct cohort *cohort_add(struct supervisor *s, uint64_t number)
{
	struct cohort *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->number = number;
	list_push_back(&s->cohorts, &c->link);
	return c;
}

void cohort_destroy(struct cohort *c)
{
	list_remove(&c->link);
	worker_error_finish(&c->error);
	free(c);
}

bool cohort_has_procs(const struct supervisor *s, uint64_t number)
{
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->generation == number)
			return true;
	}
	return false;
}

/* The generation will not serve: its other workers go, its owner decides what comes instead. */
void supervisor_fail(struct supervisor *s, struct cohort *c, const struct worker_error *e)
{
	if (c->failed || c->ready)
		return;
	c->failed = true;
	nursery_idle(s->start.nursery);
	supervisor_abandon(s, c->number);
	s->ops->failed(s->owner, c->number, e);
}

void supervisor_fail_text(struct supervisor *s, struct cohort *c, const char *stage,
			  const char *message)
{
	char *tail = logbook_tail(s->book, c->number, TAIL_LINES);
	struct worker_error e = {
		.stage = (char *)stage, .message = (char *)message, .detail = tail};

	supervisor_fail(s, c, &e);
	free(tail);
}

/* A worker is ready; the generation is when all are. */
void supervisor_ready(struct supervisor *s, struct proc *p)
{
	struct cohort *c = cohort_find(s, p->generation);

	if (p->state != PROC_BOOTING || !c)
		return;
	p->state = PROC_READY;
	p->deadline = p->ready_at = (struct mono){0};
	supervisor_arm(s);
	supervisor_judge(s, p, true);
	supervisor_emit(s, p, "ready", NULL);
	if (c->ready || c->failed) {
		supervisor_flush_parked(s);
		return;
	}
	list_for_each(other, &s->procs, struct proc, link) {
		if (other->generation == c->number && other->state != PROC_READY)
			return;
	}
	c->ready = true;
	supervisor_flush_parked(s);
	nursery_idle(s->start.nursery);
	s->ops->ready(s->owner, c->number);
}

static void proc_message(struct proc *p, const struct channel_message *m)
{
	struct supervisor *s = p->owner;
	struct cohort *c = cohort_find(s, p->generation);
	struct worker_error e;

	switch (m->type) {
	case CHANNEL_READY:
		supervisor_ready(s, p);
		break;
	case CHANNEL_FAILED:
		if (worker_error_decode(m->body, m->len, &e) < 0)
			break;
		p->reported = true;
		if (c)
			supervisor_fail(s, c, &e);
		worker_error_finish(&e);
		break;
	case CHANNEL_STATS:
		supervisor_stats_arrived(s, p, m->body, m->len);
		break;
	case CHANNEL_CONN:
		if (m->fd >= 0)
			supervisor_route(s, p, m->fd, m->body, m->len);
		break;
	case CHANNEL_CONFIG:
	case CHANNEL_PAUSE:
	case CHANNEL_RESUME:
	case CHANNEL_DRAIN:
	case CHANNEL_STOP:
	case CHANNEL_PRELOAD:
	case CHANNEL_SPAWN:
		break; /* ours to say, not a worker's */
	case CHANNEL_MODULES:
		nursery_learn(s->start.nursery, p->generation, m->body, m->len);
		break;
	case CHANNEL_HELLO:
		supervisor_hello(s, p, m->body, m->len);
		break;
	case CHANNEL_RETRY:
		supervisor_doubted(s, p, m->body, m->len);
		break;
	case CHANNEL_WARM:
	case CHANNEL_SPOILT:
	case CHANNEL_REFUSED:
		break; /* the nursery's */
	}
}

static void proc_notified(struct proc *p)
{
	supervisor_ready(p->owner, p);
}

static void proc_writable(struct proc *p)
{
	supervisor_flush_parked(p->owner);
}

static void proc_stillborn(struct proc *p)
{
	struct supervisor *s = p->owner;

	nursery_listen(s->start.nursery);
	if (p->unborn)
		supervisor_not_born(s, p, "the nursery did not bear it");
}

const struct proc_ops *supervisor_proc_ops(void)
{
	static const struct proc_ops ops = {.message = proc_message,
					    .notified = proc_notified,
					    .writable = proc_writable,
					    .stillborn = proc_stillborn};

	return &ops;
}
