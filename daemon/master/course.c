/* Generations under way: one at a time, requests taken together, failures that leave something serving. */
#include "daemon/master/course.h"

#include "common/log.h"
#include "daemon/master/announce.h"
#include "daemon/master/background.h"
#include "daemon/master/events.h"
#include "daemon/master/handover.h"
#include "daemon/master/master.h"
#include "daemon/master/orphans.h"
#include "daemon/master/service_notify.h"
#include "daemon/master/watcher.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the files are read from now on that the generation is made of: by its build command, else by its workers. */
static bool begins_to_read(const struct generation *g, enum gen_event event)
{
	bool built = mono_is_set(g->entered[GEN_BUILDING]);

	return event == GEN_EV_BUILD || (event == GEN_EV_BOOT && !built);
}

void course_enter(struct master *m, struct generation *g, enum gen_event event)
{
	if (m->watcher && begins_to_read(g, event))
		watcher_set_baseline(m->watcher, wall_now());
	generation_apply(g, event, mono_now());
	announce_generation(m, g);
}

/* --- failing ------------------------------------------------------------------------------- */

/* A copy that outlives the generation, for `status`. */
static void keep_last_failed(struct master *m, const struct generation *g)
{
	json_t *j = generation_save(g);
	struct generation *copy = j ? generation_restore(j) : NULL;

	json_decref(j);
	if (!copy)
		return;
	generation_destroy(m->last_failed);
	m->last_failed = copy;
}

/* Whether an older generation goes on serving, so that a failure costs nobody anything. */
static bool somebody_serves(const struct master *m)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->state == GEN_SERVING)
			return true;
	}
	return false;
}

void course_fail(struct master *m, struct generation *g, const struct worker_error *error)
{
	generation_set_error(g, error->stage, error->message, error->file, error->line,
			     error->detail);
	generation_apply(g, GEN_EV_FAIL, mono_now());
	if (!g->superseded && !m->stopping)
		keep_last_failed(m, g);
	announce_generation(m, g);
	if (m->stopping || g->superseded)
		return;
	orphans_drain(m->orphans, m->config->drain_timeout_ms);
	if (somebody_serves(m)) {
		supervisor_resume(m->supervisor, g->number);
	} else if ((m->config->reload || m->degraded || g->reason != GEN_START) &&
		   !background_is_awaited(m->background)) {
		supervisor_start_error(m->supervisor, g->number, error);
		supervisor_drain(m->supervisor, g->number, m->config->drain_timeout_ms);
	} else {
		m->exit_status = 1;
		master_stop(m, true);
	}
}

/* --- forward ------------------------------------------------------------------------------- */

static struct generation *under_way(const struct master *m)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->state > GEN_REQUESTED && g->state < GEN_SERVING)
			return g;
	}
	return NULL;
}

/* The old workers have been told to finish: their generations say so. */
static void drain_older(struct master *m, const struct generation *than)
{
	supervisor_drain(m->supervisor, than->number, m->config->drain_timeout_ms);
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->number < than->number && g->state == GEN_SERVING)
			course_enter(m, g, GEN_EV_REPLACED);
	}
}

void course_boot(struct master *m, struct generation *g)
{
	course_enter(m, g, GEN_EV_BOOT);
	if (m->config->handover == HANDOVER_FRESH)
		drain_older(m, g);
	supervisor_start(m->supervisor, g->number);
}

/* Generations that have ended and whose processes are gone are history. */
static void sweep(struct master *m)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (gen_is_terminal(g->state) && !supervisor_has(m->supervisor, g->number))
			generation_destroy(g);
	}
}

void course_advance(struct master *m)
{
	sweep(m);
	while (!m->stopping && !under_way(m) && !orphans_left(m->orphans)) {
		struct generation *next = master_pending(m);

		if (!next)
			return;
		handover_begin(m, next);
	}
}

/* --- what the supervisor says -------------------------------------------------------------- */

/* From here on no connection is answered by older code. */
static void take_over(struct master *m, struct generation *g)
{
	orphans_drain(m->orphans, m->config->drain_timeout_ms);
	course_enter(m, g, GEN_EV_READY);
	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
}

static void old_workers_know(void *arg, json_t *workers)
{
	struct master *m = arg;
	struct generation *g = under_way(m);

	json_decref(workers);
	if (g && g->ready)
		take_over(m, g);
}

/* Whoever was told that a generation serves must not meet an older one: the old workers stop to accept first. */
static void generation_ready(void *owner, uint64_t number)
{
	struct master *m = owner;
	struct generation *g = master_find(m, number);

	if (!g || g->state != GEN_BOOTING)
		return;
	drain_older(m, g);
	g->ready = true;
	if (m->config->handover == HANDOVER_FRESH ||
	    supervisor_query(m->supervisor, old_workers_know, m) < 0)
		take_over(m, g);
}

static void generation_failed(void *owner, uint64_t number, const struct worker_error *error)
{
	struct master *m = owner;
	struct generation *g = master_find(m, number);

	if (!g || g->state != GEN_BOOTING)
		return;
	course_fail(m, g, error);
	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
}

static void generation_gone(void *owner, uint64_t number)
{
	struct master *m = owner;
	struct generation *g = master_find(m, number);

	if (g && (g->state == GEN_SERVING || g->state == GEN_DRAINING))
		course_enter(m, g, GEN_EV_GONE);
	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
	if (m->stopping && supervisor_empty(m->supervisor))
		ev_break(m->loop, EVBREAK_ALL);
}

static void worker_event(void *owner, uint64_t generation, uint32_t slot, pid_t pid,
			 const char *what, const char *detail)
{
	struct master *m = owner;

	log_debug("worker %llu.%u (pid %d): %s%s%s", (unsigned long long)generation, slot, (int)pid,
		  what, detail ? ": " : "", detail ? detail : "");
	events_emit(m->events, "worker",
		    json_pack("{s:I, s:i, s:i, s:s, s:s?}", "generation", (json_int_t)generation,
			      "slot", (int)slot, "pid", (int)pid, "event", what, "detail", detail));
}

const struct supervisor_ops *course_supervisor_ops(void)
{
	static const struct supervisor_ops ops = {.ready = generation_ready,
						  .failed = generation_failed,
						  .gone = generation_gone,
						  .worker_event = worker_event};

	return &ops;
}

/* --- requests ------------------------------------------------------------------------------ */

static int merge(struct generation *g, const struct strv *paths, const struct requester *by)
{
	int rc = 0;

	for (size_t i = 0; paths && i < paths->len && rc == 0; i++)
		rc = strv_add_unique(&g->paths, paths->v[i]);
	if (by && !g->has_requester) {
		g->has_requester = true;
		g->uid = by->uid;
		g->pid = by->pid;
	}
	return rc;
}

/* What was booting is out of date before it served. */
static void supersede(struct master *m, struct generation *g)
{
	struct worker_error e = {.stage = (char *)"superseded",
				 .message = (char *)"a newer change took its place"};

	g->superseded = true;
	supervisor_abandon(m->supervisor, g->number);
	course_fail(m, g, &e);
}

struct generation *master_reload(struct master *m, enum gen_reason reason, const struct strv *paths,
				 struct mono detected, const struct requester *by)
{
	struct generation *g = m->stopping ? NULL : master_pending(m);
	struct generation *before;

	if (m->stopping)
		return NULL;
	before = under_way(m);
	if (!g || g->state != GEN_REQUESTED) {
		g = generation_create(m->next_number, reason, detected);
		if (!g)
			return NULL;
		m->next_number++;
		list_push_back(&m->generations, &g->link);
		(void)merge(g, paths, by);
		announce_generation(m, g);
	} else {
		(void)merge(g, paths, by);
		/* Who asks by a signal can see only from this that it arrived. */
		service_notify_generation(m->service, g);
	}
	if (before && before->state == GEN_BOOTING && !before->ready && reason == GEN_CHANGE)
		supersede(m, before);
	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
	return g;
}

struct generation *master_pending(const struct master *m)
{
	struct list_node *last = list_last(&m->generations);
	struct generation *g = last ? list_entry(last, struct generation, link) : NULL;

	return g && !gen_is_settled(g->state) ? g : NULL;
}

struct generation *master_find(const struct master *m, uint64_t number)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->number == number)
			return g;
	}
	return NULL;
}

struct generation *master_current(const struct master *m)
{
	struct generation *current = NULL;

	list_for_each(g, &m->generations, struct generation, link) {
		bool answers =
			g->state == GEN_SERVING || (g->state == GEN_FAILED && !g->superseded &&
						    supervisor_has(m->supervisor, g->number));

		if (answers || (g->state == GEN_DRAINING && !current))
			current = g;
	}
	return current;
}
