/* Admin operations on the daemon as a whole: hello, status, workers, stop. */
#include "daemon/master/admin_cmd.h"

#include "common/admin_proto.h"
#include "common/clock.h"
#include "common/version.h"
#include "daemon/master/admin_call.h"
#include "daemon/master/generation.h"
#include "daemon/master/instance.h"
#include "daemon/master/json_text.h"
#include "daemon/master/listener.h"
#include "daemon/master/master.h"
#include "daemon/master/nursery.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/waiters.h"
#include "daemon/master/watcher.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *text_or_null(const char *s)
{
	return s ? json_text(s, strlen(s)) : json_null();
}

static json_t *target_to_json(const struct config *c)
{
	char *target = instance_target(c);
	json_t *text = target ? json_text(target, strlen(target)) : NULL;

	free(target);
	return text;
}

/* Before the watcher is made, and after it has gone, what it is meant to watch. */
static json_t *roots_to_json(const struct master *m)
{
	if (!m->config->reload)
		return json_array();
	return json_texts(m->watcher ? watcher_roots(m->watcher) : &m->config->reload_paths);
}

/* Who answers: the part that everybody may see first. */
static json_t *identity(const struct master *m)
{
	return json_pack("{s:[i,i], s:s, s:i, s:s, s:o, s:o}", "proto", ADMIN_VERSION,
			 ADMIN_VERSION, "version", BB_VERSION, "pid", (int)getpid(), "boot_id",
			 m->boot_id, "directory", text_or_null(m->config->directory), "target",
			 target_to_json(m->config));
}

json_t *admin_cmd_info(const struct master *m)
{
	json_t *info = identity(m);
	json_t *more =
		json_pack("{s:o, s:o, s:o, s:{s:o}, s:o}", "name", text_or_null(m->config->name),
			  "admin", text_or_null(instance_admin_path(m->instance)), "events",
			  text_or_null(instance_events_path(m->instance)), "watch", "paths",
			  roots_to_json(m), "binds", listeners_to_json(m->listeners));

	if (!info || !more || json_object_update_missing(info, more) < 0) {
		json_decref(info);
		info = NULL;
	}
	json_decref(more);
	return info;
}

void cmd_hello(const struct admin_call *c)
{
	answer_ok(c->m, c->from, identity(c->m));
}

static json_t *generation_or_null(const struct generation *g)
{
	return g ? generation_to_json(g) : json_null();
}

static const char *state_of(const struct master *m)
{
	const struct generation *newest = answer_newest_settled(m);

	if (m->stopping)
		return "stopping";
	if (master_pending(m))
		return "reloading";
	if (newest && newest->state == GEN_FAILED)
		return "failed";
	if (m->watcher && watcher_stats(m->watcher).paused)
		return "paused";
	return "serving";
}

static json_t *watch_to_json(const struct master *m)
{
	struct watch_stats stats = {0};

	if (m->watcher)
		stats = watcher_stats(m->watcher);
	return json_pack("{s:b, s:o, s:o, s:o, s:I, s:s, s:I, s:I, s:b}", "enabled",
			 m->watcher != NULL, "paths", roots_to_json(m), "include",
			 json_texts(&m->config->reload_include), "exclude",
			 json_texts(&m->config->reload_exclude), "directories",
			 (json_int_t)stats.directories, "backend",
			 m->watcher ? watch_backend_name(stats.backend) : "off", "events",
			 (json_int_t)stats.events, "overflows", (json_int_t)stats.overflows,
			 "paused", (int)stats.paused);
}

static json_t *run_to_json(const struct master *m)
{
	char started[WALL_RFC3339_LEN];

	return json_pack("{s:i, s:s, s:i, s:s, s:s, s:I, s:o, s:o, s:s, s:s, s:b, s:s}", "schema",
			 1, "version", BB_VERSION, "pid", (int)getpid(), "boot_id", m->boot_id,
			 "started_at", wall_format(m->started_at, started), "uptime_ms",
			 (json_int_t)mono_diff_ms(mono_now(), m->started), "directory",
			 text_or_null(m->config->directory), "target", target_to_json(m->config),
			 "kind", target_kind_name(m->config->kind), "state", state_of(m),
			 "degraded", (int)m->degraded, "handover",
			 handover_name(m->config->handover));
}

/* While the first generation boots, nobody serves yet: then it is the one to look at. */
static const struct generation *shown_generation(const struct master *m)
{
	const struct generation *current = master_current(m);

	return current ? current : master_pending(m);
}

/* Takes `workers`. */
static json_t *status_to_json(const struct master *m, json_t *workers)
{
	json_t *status = run_to_json(m);
	json_t *more = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "generation",
				 generation_or_null(shown_generation(m)), "last_failed",
				 generation_or_null(m->last_failed), "binds",
				 listeners_to_json(m->listeners), "workers", workers, "watch",
				 watch_to_json(m), "nursery", nursery_to_json(m->nursery));

	if (!status || !more || json_object_update_missing(status, more) < 0) {
		json_decref(status);
		status = NULL;
	}
	json_decref(more);
	return status;
}

static void answer_status(struct master *m, const struct admin_peer *peer, json_t *args,
			  void *workers)
{
	(void)args;
	answer_ok(m, peer, status_to_json(m, json_incref(workers)));
}

static void answer_workers(struct master *m, const struct admin_peer *peer, json_t *args,
			   void *workers)
{
	(void)args;
	answer_ok(m, peer, json_pack("{s:O}", "workers", workers));
}

/* Everybody who has asked meanwhile gets the same figures. */
static void workers_known(void *arg, json_t *workers)
{
	struct master *m = arg;
	json_t *array = workers ? workers : json_array();

	waiters_take_deferred(m, "status", answer_status, array);
	waiters_take_deferred(m, "workers", answer_workers, array);
	json_decref(array);
}

/* The workers' figures take a moment; one question to them serves all who ask in that time. */
static void ask_workers(const struct admin_call *c)
{
	struct master *m = c->m;
	bool asked = waiters_has_deferred(m->waiters, "status") ||
		     waiters_has_deferred(m->waiters, "workers");

	waiters_defer(m, c->from, c->op, c->args);
	if (!asked && supervisor_query(m->supervisor, workers_known, m) < 0)
		workers_known(m, NULL);
}

void cmd_status(const struct admin_call *c)
{
	ask_workers(c);
}

void cmd_workers(const struct admin_call *c)
{
	ask_workers(c);
}

void cmd_stop(const struct admin_call *c)
{
	answer_ok(c->m, c->from, json_pack("{s:i}", "pid", (int)getpid()));
	master_stop(c->m, call_bool(c, "now"));
}
