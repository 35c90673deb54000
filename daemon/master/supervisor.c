/* Workers: started, drained, killed, as their owner asks. */
#include "daemon/master/supervisor.h"

#include "daemon/master/cohort.h"
#include "daemon/master/nursery.h"
#include "daemon/master/parked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_GRACE_MS 2000 /* a command that cannot be seen to listen counts as ready */
#define DRAIN_SLACK_MS	 1000 /* our workers end by themselves at the drain time limit */

/* When a command counts as ready without having said so. */
static struct mono ready_without_notice(const struct supervisor *s, const struct proc *p)
{
	const struct config *c = s->start.config;

	if (p->kind != PROC_COMMAND || c->ready == READY_NOTIFY)
		return (struct mono){0};
	return mono_add_ms(p->started,
			   c->ready == READY_DELAY ? c->ready_delay_ms : COMMAND_GRACE_MS);
}

void supervisor_start_proc(struct supervisor *s, struct proc *p)
{
	struct cohort *c = cohort_find(s, p->generation);
	struct proc_start start = s->start;
	int rc;

	start.error = p->kind == PROC_ERROR && c ? &c->error : NULL;
	p->started = mono_now(); /* an attempt that fails has been no long life */
	rc = proc_start(p, &start);
	p->deadline = supervisor_patience(s, p);
	if (rc == 0) {
		p->ready_at = ready_without_notice(s, p);
		if (!p->unborn)
			supervisor_emit(s, p, "started", NULL);
		return;
	}
	/* Not from here: the owner is told from the loop, by the deadline. */
	p->start_error = rc;
	p->deadline = mono_now();
}

static enum proc_kind kind_of(const struct config *c)
{
	switch (c->kind) {
	case TARGET_APP:
		return PROC_APP;
	case TARGET_COMMAND:
		return PROC_COMMAND;
	case TARGET_SITE:
		break;
	}
	return PROC_SITE;
}

static void add_proc(struct supervisor *s, uint64_t generation, uint32_t slot, enum proc_kind kind)
{
	struct proc *p =
		proc_create(s->loop, s->output, kind, generation, slot, supervisor_proc_ops(), s);

	if (!p)
		return;
	list_push_back(&s->procs, &p->link);
	supervisor_start_proc(s, p);
}

void supervisor_start(struct supervisor *s, uint64_t generation)
{
	if (!cohort_add(s, generation))
		return;
	nursery_busy(s->start.nursery);
	for (uint32_t slot = 0; slot < s->start.config->workers; slot++)
		add_proc(s, generation, slot, kind_of(s->start.config));
	supervisor_arm(s);
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

void supervisor_start_error(struct supervisor *s, uint64_t generation,
			    const struct worker_error *error)
{
	struct cohort *c = cohort_find(s, generation);

	if (!c)
		c = cohort_add(s, generation);
	if (!c)
		return;
	c->failed = true;
	worker_error_finish(&c->error);
	c->error = (struct worker_error){.stage = copy(error->stage),
					 .message = copy(error->message),
					 .file = copy(error->file),
					 .detail = copy(error->detail),
					 .line = error->line};
	add_proc(s, generation, 0, PROC_ERROR);
	supervisor_arm(s);
}

static void tell_below(struct supervisor *s, uint64_t before, enum channel_type t)
{
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->generation < before && p->state != PROC_DRAINING)
			proc_tell(p, t);
	}
}

void supervisor_pause(struct supervisor *s, uint64_t before)
{
	tell_below(s, before, CHANNEL_PAUSE);
}

void supervisor_resume(struct supervisor *s, uint64_t before)
{
	tell_below(s, before, CHANNEL_RESUME);
}

/* Drains one process. One that waits to be started leaves by its deadline: somebody may be walking the list. */
static void drain_proc(struct proc *p, uint64_t drain_timeout_ms)
{
	int64_t limit = (int64_t)drain_timeout_ms + (p->kind == PROC_COMMAND ? 0 : DRAIN_SLACK_MS);
	bool booting = p->state == PROC_BOOTING;

	proc_drain(p);
	if (booting)
		proc_kill(p);
	p->ready_at = (struct mono){0};
	if (!p->unborn) /* else its HELLO is waited for as before */
		p->deadline = p->pid == 0 ? mono_now() : mono_add_ms(mono_now(), limit);
}

void supervisor_drain(struct supervisor *s, uint64_t before, uint64_t drain_timeout_ms)
{
	list_for_each(c, &s->cohorts, struct cohort, link) {
		if (c->number < before)
			c->draining = true;
	}
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->generation < before && p->state != PROC_DRAINING)
			drain_proc(p, drain_timeout_ms);
	}
	supervisor_arm(s);
}

void supervisor_abandon(struct supervisor *s, uint64_t generation)
{
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->generation == generation && p->state != PROC_DRAINING)
			drain_proc(p, s->start.config->drain_timeout_ms);
	}
	supervisor_arm(s);
}

void supervisor_kill(struct supervisor *s, uint64_t generation)
{
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->generation == generation)
			proc_kill(p);
	}
}

bool supervisor_has(const struct supervisor *s, uint64_t generation)
{
	return cohort_has_procs(s, generation);
}

bool supervisor_empty(const struct supervisor *s)
{
	return list_empty(&s->procs);
}

static void refused(void *owner, uint64_t token, const char *why)
{
	struct supervisor *s = owner;

	list_for_each(p, &s->procs, struct proc, link) {
		if (p->unborn && p->token == token)
			supervisor_not_born(s, p, why);
	}
}

void supervisor_set_nursery(struct supervisor *s, struct nursery *n)
{
	s->start.nursery = n;
	nursery_set_refused(n, refused, s);
}

void supervisor_configure(struct supervisor *s, const struct config *c, const struct listeners *l,
			  const char *exec_path)
{
	s->start.exec_path = exec_path;
	s->start.config = c;
	s->start.listeners = l;
}

int supervisor_create(struct supervisor **out, struct ev_loop *loop, struct output *output,
		      struct logbook *book, const struct supervisor_ops *ops, void *owner)
{
	struct supervisor *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->output = output;
	s->book = book;
	s->ops = ops;
	s->owner = owner;
	list_init(&s->procs);
	list_init(&s->cohorts);
	list_init(&s->parked);
	supervisor_clock_init(s);
	supervisor_query_init(s);
	*out = s;
	return 0;
}

void supervisor_destroy(struct supervisor *s)
{
	if (!s)
		return;
	ev_timer_stop(s->loop, &s->deadlines);
	ev_timer_stop(s->loop, &s->probe);
	supervisor_finish_queries(s);
	list_for_each(p, &s->procs, struct proc, link) {
		proc_kill(p);
		proc_destroy(p);
	}
	list_for_each(c, &s->cohorts, struct cohort, link)
		cohort_destroy(c);
	parked_clear(&s->parked);
	free(s);
}
