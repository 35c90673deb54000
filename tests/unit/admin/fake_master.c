/* The rest of the master as the admin handlers see it. */
#include "tests/unit/admin/fake_master.h"

#include "daemon/master/admin_cmd.h"
#include "daemon/master/events.h"
#include "daemon/master/history.h"
#include "daemon/master/instance.h"
#include "daemon/master/listener.h"
#include "daemon/master/logbook.h"
#include "daemon/master/nursery.h"
#include "daemon/master/waiters.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake *fake_of(const struct master *m)
{
	return container_of(m, struct fake, m);
}

/* --- admin.h --- */

void admin_reply(struct admin *a, const struct admin_peer *to, const char *body, size_t len)
{
	struct fake *f = (struct fake *)(void *)a;
	json_t *answer = json_loadb(body, len, 0, NULL);

	assert_non_null(answer);
	assert_true(f->count < ANSWERS_MAX);
	f->answers[f->count++] = (struct fake_answer){*to, answer};
}

bool admin_peer_is_there(const struct admin *a, const struct admin_peer *peer BB_UNUSED)
{
	return !((const struct fake *)(const void *)a)->gone;
}

/* --- nursery.h --- */

json_t *nursery_to_json(const struct nursery *n BB_UNUSED)
{
	return json_pack("{s:s, s:i, s:n}", "state", "off", "modules", 0, "reason");
}

/* --- master.h --- */

struct generation *master_reload(struct master *m, enum gen_reason reason,
				 const struct strv *paths BB_UNUSED, struct mono detected BB_UNUSED,
				 const struct requester *by)
{
	struct fake *f = fake_of(m);
	struct generation *pending = master_pending(m);

	if (m->stopping)
		return NULL;
	f->reloads++;
	if (by)
		f->by = *by;
	if (pending && pending->state == GEN_REQUESTED)
		return pending;

	struct generation *g = fake_generation(f, GEN_REQUESTED);

	g->reason = reason;
	return g;
}

struct generation *master_current(const struct master *m)
{
	struct generation *current = NULL;

	list_for_each(g, &m->generations, struct generation, link) {
		if (g->state == GEN_SERVING || (g->state == GEN_FAILED && !g->superseded))
			current = g;
	}
	return current;
}

struct generation *master_pending(const struct master *m)
{
	struct generation *pending = NULL;

	list_for_each(g, &m->generations, struct generation, link) {
		if (!gen_is_settled(g->state))
			pending = g;
	}
	return pending;
}

struct generation *master_find(const struct master *m, uint64_t number)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->number == number)
			return g;
	}
	return NULL;
}

void master_stop(struct master *m, bool now)
{
	fake_of(m)->stopped = true;
	fake_of(m)->stopped_now = now;
}

/* --- supervisor.h, listener.h, instance.h --- */

int supervisor_query(struct supervisor *s, supervisor_workers_fn *done, void *arg)
{
	struct fake *f = (struct fake *)(void *)s;

	assert_null(f->workers_done);
	f->queries++;
	f->workers_done = done;
	f->workers_arg = arg;
	return 0;
}

json_t *listeners_to_json(const struct listeners *l BB_UNUSED)
{
	return json_pack("[{s:s, s:s, s:b}]", "address", "127.0.0.1:8000", "family", "inet",
			 "inherited", 0);
}

char *instance_target(const struct config *c)
{
	return strdup(c->target);
}

const char *instance_admin_path(const struct instance *i BB_UNUSED)
{
	return "/run/admin.sock";
}

const char *instance_events_path(const struct instance *i BB_UNUSED)
{
	return "/run/events.sock";
}

int instance_write_info(struct instance *i, json_t *info)
{
	struct fake *f = (struct fake *)(void *)i;

	assert_true(json_is_object(info));
	f->infos++;
	return 0;
}

/* --- config.h --- */

const char *target_kind_name(enum target_kind k BB_UNUSED)
{
	return "app";
}

const char *handover_name(enum handover h BB_UNUSED)
{
	return "fresh";
}

/* --- watcher.h --- */

static struct fake *fake_of_watcher(const struct watcher *w)
{
	return (struct fake *)(void *)(uintptr_t)w;
}

void watcher_sync(struct watcher *w)
{
	struct fake *f = fake_of_watcher(w);

	f->syncs++;
	if (f->change_queued)
		master_reload(&f->m, GEN_CHANGE, NULL, mono_now(), NULL);
	f->change_queued = false;
}

int watcher_add_root(struct watcher *w, const char *path)
{
	struct fake *f = fake_of_watcher(w);

	if (str_ends(path, "bad"))
		return f->add_error;
	if (strv_contains(&f->roots, path))
		return -EEXIST;
	return strv_add(&f->roots, path);
}

int watcher_remove_root(struct watcher *w, const char *path)
{
	return strv_remove(&fake_of_watcher(w)->roots, path) ? 0 : -ENOENT;
}

const struct strv *watcher_roots(const struct watcher *w)
{
	return &fake_of_watcher(w)->roots;
}

void watcher_pause(struct watcher *w)
{
	fake_of_watcher(w)->paused = true;
}

void watcher_resume(struct watcher *w)
{
	fake_of_watcher(w)->paused = false;
}

const char *watch_backend_name(enum watch_backend b BB_UNUSED)
{
	return "inotify";
}

struct watch_stats watcher_stats(const struct watcher *w)
{
	return (struct watch_stats){.directories = 3, .paused = fake_of_watcher(w)->paused};
}

void watcher_why(const struct watcher *w BB_UNUSED, const char *path, struct watch_why *out)
{
	out->reloads = str_ends(path, ".py");
	snprintf(out->rule, sizeof(out->rule), "matches include *.py");
}

/* --- the test's side --- */

int fake_setup(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	list_init(&f->m.generations);
	f->config = (struct config){.target = (char *)"main:app", .directory = (char *)"/src"};
	f->config.reload = true;
	f->m.config = &f->config;
	f->m.next_number = 1;
	snprintf(f->m.boot_id, sizeof(f->m.boot_id), "0123456789abcdef0123456789abcdef");
	f->m.started = mono_now();
	f->m.started_at = wall_now();
	f->m.admin = (struct admin *)(void *)f;
	f->m.watcher = (struct watcher *)(void *)f;
	f->m.supervisor = (struct supervisor *)(void *)f;
	f->m.instance = (struct instance *)(void *)f;
	f->m.waiters = waiters_create();
	f->m.events = events_create(f->m.boot_id);
	f->m.logbook = logbook_create();
	assert_int_equal(history_open(&f->m.history, NULL), 0);
	assert_int_equal(strv_add(&f->roots, "/src"), 0);
	assert_int_equal(strv_add(&f->config.reload_paths, "/src"), 0);
	*state = f;
	return 0;
}

int fake_teardown(void **state)
{
	struct fake *f = *state;

	list_for_each(g, &f->m.generations, struct generation, link)
		generation_destroy(g);
	generation_destroy(f->m.last_failed);
	waiters_destroy(f->m.waiters);
	events_destroy(f->m.events);
	logbook_destroy(f->m.logbook);
	history_close(f->m.history);
	strv_finish(&f->roots);
	strv_finish(&f->config.reload_paths);
	for (size_t i = 0; i < f->count; i++)
		json_decref(f->answers[i].body);
	free(f);
	return 0;
}

struct generation *fake_generation(struct fake *f, enum gen_state state)
{
	struct generation *g = generation_create(f->m.next_number++, GEN_START, mono_now());

	assert_non_null(g);
	g->state = state;
	list_push_back(&f->m.generations, &g->link);
	return g;
}

void fake_enter(struct fake *f, struct generation *g, enum gen_state state)
{
	g->state = state;
	if (gen_is_settled(state))
		history_record(f->m.history, g);
	waiters_notify(&f->m, g);
	if (state == GEN_RETIRED || (state == GEN_FAILED && g->superseded))
		generation_destroy(g);
}

static void keep_last_failed(struct fake *f, const struct generation *g)
{
	json_t *copy = generation_save(g);

	generation_destroy(f->m.last_failed);
	f->m.last_failed = generation_restore(copy);
	f->m.last_failed->state = GEN_FAILED;
	json_decref(copy);
}

void fake_fail(struct fake *f, struct generation *g)
{
	generation_set_error(g, "import", "SyntaxError: invalid syntax", "/src/main.py", 3,
			     "Traceback …");
	keep_last_failed(f, g);
	fake_enter(f, g, GEN_FAILED);
}

void fake_supersede(struct fake *f, struct generation *g)
{
	g->superseded = true;
	generation_set_error(g, "superseded", "something changed", NULL, 0, NULL);
	keep_last_failed(f, g);
	fake_enter(f, g, GEN_FAILED);
}

uint32_t fake_ask(struct fake *f, const char *json)
{
	const struct admin_peer from = {
		.conn = 1, .request = 0x80000000u + ++f->asked, .uid = 1000, .pid = 4321};

	admin_cmd_handle(&f->m, &from, json, strlen(json));
	return from.request;
}

json_t *fake_answer(const struct fake *f, uint32_t request)
{
	json_t *found = NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (f->answers[i].to.request != request)
			continue;
		assert_null(found); /* nobody is answered twice */
		found = f->answers[i].body;
	}
	return found;
}

void fake_assert_refused(const struct fake *f, uint32_t request, const char *code, const char *text)
{
	json_t *answer = fake_answer(f, request);
	json_t *error = json_object_get(answer, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	assert_non_null(answer);
	assert_int_equal(json_integer_value(json_object_get(answer, "v")), 1);
	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_string_equal(json_string_value(json_object_get(error, "code")), code);
	if (!message || !strstr(message, text))
		fail_msg("\"%s\" is not in: %s", text, message ? message : "(null)");
}

json_t *fake_assert_ok(const struct fake *f, uint32_t request)
{
	json_t *answer = fake_answer(f, request);

	assert_non_null(answer);
	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("refused: %s", json_string_value(json_object_get(
						json_object_get(answer, "error"), "message")));
	assert_int_equal(json_integer_value(json_object_get(answer, "v")), 1);
	return json_object_get(answer, "result");
}

json_int_t fake_answered_generation(const struct fake *f, uint32_t request)
{
	json_t *result = json_object_get(fake_answer(f, request), "result");

	return json_integer_value(json_object_get(json_object_get(result, "generation"), "number"));
}

void fake_assert_waiting(const struct fake *f, uint32_t request)
{
	assert_null(fake_answer(f, request));
}
