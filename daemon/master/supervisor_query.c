/* The workers' figures, asked for all at once. */
#include "daemon/master/cohort.h"

#include <errno.h>
#include <stdlib.h>

#define ANSWER_LIMIT 0.020 /* s: a worker busy with one long computation shows its last figures */

static json_t *workers_to_json(const struct supervisor *s)
{
	json_t *a = json_array();

	list_for_each(p, &s->procs, struct proc, link) {
		if (a)
			json_array_append_new(a, proc_to_json(p));
	}
	return a;
}

void supervisor_finish_queries(struct supervisor *s)
{
	ev_timer_stop(s->loop, &s->query_limit);
	list_for_each(p, &s->procs, struct proc, link)
		p->stats_pending = 0;
	list_for_each(q, &s->queries, struct stats_query, link) {
		list_remove(&q->link);
		q->done(q->arg, workers_to_json(s));
		free(q);
	}
}

static void query_limit_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	supervisor_finish_queries(container_of(w, struct supervisor, query_limit));
}

void supervisor_query_init(struct supervisor *s)
{
	list_init(&s->queries);
	ev_timer_init(&s->query_limit, query_limit_cb, ANSWER_LIMIT, 0.);
}

void supervisor_query_check(struct supervisor *s)
{
	if (list_empty(&s->queries))
		return;
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->stats_pending)
			return;
	}
	supervisor_finish_queries(s);
}

void supervisor_stats_arrived(struct supervisor *s, struct proc *p, const void *data, size_t len)
{
	struct worker_stats stats;

	if (worker_stats_decode(data, len, &stats) < 0)
		return;
	p->stats = stats;
	if (p->stats_pending > 0)
		p->stats_pending--;
	supervisor_query_check(s);
}

int supervisor_query(struct supervisor *s, supervisor_workers_fn *done, void *arg)
{
	struct stats_query *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->done = done;
	q->arg = arg;
	list_push_back(&s->queries, &q->link);
	list_for_each(p, &s->procs, struct proc, link) {
		/* A worker that boots runs the user's imports and reads nothing meanwhile. */
		if (p->channel < 0 || p->state == PROC_BOOTING)
			continue;
		if (channel_send(p->channel, CHANNEL_STATS, NULL, 0, -1) == 0)
			p->stats_pending++;
	}
	ev_timer_stop(s->loop, &s->query_limit);
	ev_timer_set(&s->query_limit, ANSWER_LIMIT, 0.);
	ev_now_update(s->loop);
	ev_timer_start(s->loop, &s->query_limit);
	supervisor_query_check(s);
	return 0;
}
