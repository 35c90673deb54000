/* The hand-over, given: every module's state into sections, and the exec. */
#include "daemon/master/master_state.h"

#include "daemon/master/admin.h"
#include "daemon/master/background.h"
#include "daemon/master/events.h"
#include "daemon/master/handoff.h"
#include "daemon/master/instance.h"
#include "daemon/master/json_text.h"
#include "daemon/master/listener.h"
#include "daemon/master/logbook.h"
#include "daemon/master/master.h"
#include "daemon/master/nursery.h"
#include "daemon/master/reexec.h"
#include "daemon/master/service_notify.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/waiters.h"
#include "daemon/master/watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sections point into memory that lives until the exec has failed: text from jansson, bytes in bufs. */
struct saved {
	struct handoff handoff;
	struct handoff_fds fds;
	char *texts[HANDOFF_SECTIONS_MAX];
	size_t text_count;
	struct buf watcher, admin_bytes, nursery_list;
	int inotify_fd;
};

static void saved_init(struct saved *s)
{
	*s = (struct saved){.inotify_fd = -1};
	buf_init(&s->watcher, SIZE_MAX);
	buf_init(&s->admin_bytes, SIZE_MAX);
	buf_init(&s->nursery_list, SIZE_MAX);
}

static void saved_finish(struct saved *s)
{
	for (size_t i = 0; i < s->text_count; i++)
		free(s->texts[i]);
	handoff_fds_finish(&s->fds, false);
	buf_finish(&s->watcher);
	buf_finish(&s->admin_bytes);
	buf_finish(&s->nursery_list);
}

static void add_bytes(struct saved *s, const char *name, const struct buf *b)
{
	s->handoff.sections[s->handoff.count++] =
		(struct handoff_section){name, buf_data(b), buf_len(b)};
}

/* Takes j. */
static int add_json(struct saved *s, const char *name, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (!text)
		return -ENOMEM;
	s->texts[s->text_count++] = text;
	s->handoff.sections[s->handoff.count++] =
		(struct handoff_section){name, text, strlen(text)};
	return 0;
}

static json_t *save_config(const struct config *c)
{
	return json_pack("{s:i, s:o, s:o?, s:o?, s:b, s:o?}", "kind", (int)c->kind, "directory",
			 json_bytes(c->directory), "target", json_bytes(c->target), "app_dir",
			 json_bytes(c->app_dir), "found", (int)c->target_found, "file_text",
			 json_bytes(c->file_text));
}

static json_t *save_master(const struct master *m, int inotify_fd)
{
	json_t *generations = json_array();
	const struct strv *roots =
		m->watcher ? watcher_roots(m->watcher) : &m->config->reload_paths;

	list_for_each(g, &m->generations, struct generation, link)
		json_array_append_new(generations, generation_save(g));
	return json_pack("{s:s, s:I, s:I, s:I, s:b, s:o, s:o, s:o?, s:o, s:o, s:i, s:o}", "boot_id",
			 m->boot_id, "started_at", (json_int_t)m->started_at.ns, "started",
			 (json_int_t)m->started.ns, "next_number", (json_int_t)m->next_number,
			 "degraded", (int)m->degraded, "exec_path", json_bytes(m->exec_path),
			 "generations", generations, "last_failed",
			 m->last_failed ? generation_save(m->last_failed) : NULL, "roots",
			 json_bytes_list(roots), "config_roots", json_bytes_list(&m->config_roots),
			 "inotify_fd", inotify_fd, "config", save_config(m->config));
}

static json_t *save_fds(const struct handoff_fds *fds)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < fds->count; i++)
		json_array_append_new(a, json_integer(fds->fd[i]));
	return a;
}

static int save_watcher(struct master *m, struct saved *s)
{
	int rc = m->watcher ? watcher_save(m->watcher, &s->watcher, &s->inotify_fd) : 0;

	if (rc == 0 && s->inotify_fd >= 0)
		rc = handoff_fds_add(&s->fds, s->inotify_fd);
	return rc;
}

static int save(struct master *m, struct saved *s)
{
	int rc = save_watcher(m, s);

	if (rc == 0)
		rc = add_json(s, "events", events_save(m->events, &s->fds));
	if (rc == 0)
		rc = add_json(s, "logbook", logbook_save(m->logbook, &s->fds));
	if (rc == 0)
		rc = add_json(s, "master", save_master(m, s->inotify_fd));
	if (rc == 0)
		rc = add_json(s, "instance", instance_save(m->instance, &s->fds));
	if (rc == 0)
		rc = add_json(s, "listeners", listeners_save(m->listeners, &s->fds));
	if (rc == 0)
		rc = add_json(s, "supervisor", supervisor_save(m->supervisor, &s->fds));
	if (rc == 0 && m->admin)
		rc = add_json(s, "admin", admin_save(m->admin, &s->fds, &s->admin_bytes));
	if (rc == 0)
		rc = add_json(s, "waiters", waiters_save(m->waiters));
	if (rc == 0 && m->background)
		rc = add_json(s, "background", background_save(m->background, &s->fds));
	if (rc == 0)
		rc = add_json(s, "service", service_notify_save(m->service));
	if (rc == 0)
		rc = add_json(s, "nursery", nursery_save(m->nursery, &s->fds));
	if (rc == 0)
		rc = nursery_save_list(m->nursery, &s->nursery_list);
	if (rc == 0)
		rc = add_json(s, "fds", save_fds(&s->fds));
	add_bytes(s, "watcher", &s->watcher);
	add_bytes(s, "admin-bytes", &s->admin_bytes);
	add_bytes(s, "nursery-list", &s->nursery_list);
	return rc;
}

int master_state_exec(struct master *m)
{
	struct saved s;
	struct buf bytes;
	int rc;

	supervisor_finish_queries(m->supervisor);
	saved_init(&s);
	buf_init(&bytes, SIZE_MAX);
	rc = save(m, &s);
	if (rc == 0)
		rc = handoff_encode(&s.handoff, &bytes);
	if (rc == 0)
		rc = reexec_run(m->exec_path, m->argv, buf_data(&bytes), buf_len(&bytes), &s.fds);
	buf_finish(&bytes);
	saved_finish(&s);
	return rc;
}
