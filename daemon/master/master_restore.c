/* The hand-over, taken: every module's state out of the sections of the image before. */
#include "daemon/master/master_state.h"

#include "common/log.h"
#include "daemon/master/admin.h"
#include "daemon/master/admin_cmd.h"
#include "daemon/master/background.h"
#include "daemon/master/events.h"
#include "daemon/master/handoff.h"
#include "daemon/master/history.h"
#include "daemon/master/instance.h"
#include "daemon/master/json_text.h"
#include "daemon/master/listener.h"
#include "daemon/master/logbook.h"
#include "daemon/master/master.h"
#include "daemon/master/master_watch.h"
#include "daemon/master/nursery.h"
#include "daemon/master/service_notify.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/waiters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The parsed JSON of a section, or NULL. */
static json_t *load(const struct handoff *h, const char *name)
{
	const struct handoff_section *s = handoff_find(h, name);

	return s ? json_loadb(s->data, s->len, 0, NULL) : NULL;
}

static void restore_generations(struct master *m, const json_t *list, const json_t *last_failed)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		struct generation *g = generation_restore(one);

		if (g)
			list_push_back(&m->generations, &g->link);
	}
	if (json_is_object(last_failed))
		m->last_failed = generation_restore(last_failed);
}

static int restore_roots(struct master *m, const json_t *roots, const json_t *config_roots)
{
	struct strv were = {0}, watched = {0};
	int rc = json_bytes_values(roots, &watched);

	if (rc == 0)
		rc = json_bytes_values(config_roots, &were);
	if (rc == 0)
		rc = master_watch_merge(m, &were, &watched);
	strv_finish(&were);
	strv_finish(&watched);
	return rc;
}

static int restore_master(struct master *m, const json_t *j, int *inotify_fd)
{
	json_t *generations = NULL, *last_failed = NULL, *roots = NULL, *config_roots = NULL;
	json_int_t started_at = 0, started = 0, next = 0;
	json_t *exec_path = NULL;
	const char *boot_id;
	char *path;

	if (json_unpack((json_t *)j, "{s:s, s:I, s:I, s:I, s:o, s:o, s?o, s?o, s?o, s?i}",
			"boot_id", &boot_id, "started_at", &started_at, "started", &started,
			"next_number", &next, "exec_path", &exec_path, "generations", &generations,
			"last_failed", &last_failed, "roots", &roots, "config_roots", &config_roots,
			"inotify_fd", inotify_fd) < 0)
		return -EBADMSG;
	if (strlen(boot_id) >= sizeof(m->boot_id))
		return -EBADMSG;
	path = json_bytes_value(exec_path);
	if (!path)
		return -EBADMSG;
	free(m->exec_path);
	m->exec_path = path;
	memcpy(m->boot_id, boot_id, strlen(boot_id) + 1);
	m->started_at.ns = started_at;
	m->started.ns = started;
	m->next_number = (uint64_t)next;
	m->degraded = json_is_true(json_object_get(j, "degraded"));
	restore_generations(m, generations, last_failed);
	return restore_roots(m, roots, config_roots);
}

static int load_fds(const struct handoff *h, struct handoff_fds *fds)
{
	json_t *a = load(h, "fds");
	const json_t *one;
	size_t i;
	int rc = 0;

	json_array_foreach(a, i, one)
	{
		if (rc == 0)
			rc = handoff_fds_add(fds, (int)json_integer_value(one));
	}
	json_decref(a);
	return rc;
}

static void restore_rings(struct master *m, const struct handoff *h, struct handoff_fds *fds)
{
	json_t *events = load(h, "events"), *logbook = load(h, "logbook");

	if (events_restore(m->events, events, fds) < 0)
		log_warn("hand-over: earlier events cannot be read");
	if (logbook_restore(m->logbook, logbook, fds) < 0)
		log_warn("hand-over: what workers wrote earlier cannot be read");
	json_decref(events);
	json_decref(logbook);
}

/* The folder may be gone: whoever cleans up in /tmp is no reason to end. */
static int restore_history(struct master *m)
{
	int rc = history_open(&m->history, instance_dir(m->instance));

	if (rc < 0) {
		log_warn_errno(rc, "history in \"%s\"; keeping it in memory",
			       instance_dir(m->instance));
		rc = history_open(&m->history, NULL);
	}
	return rc;
}

/* Addresses that cannot be had are an error of the configuration: those of before stay. */
static int restore_listeners(struct master *m, const struct handoff *h, struct handoff_fds *fds,
			     struct config_error *error)
{
	struct config_error e = {.text = ""};
	json_t *j = load(h, "listeners");
	int rc = listeners_restore(&m->listeners, &m->config->binds, j, fds, &e);

	json_decref(j);
	if (rc < 0 && m->listeners && listeners_count(m->listeners) > 0) {
		if (error->text[0] == '\0')
			*error = e;
		rc = 0;
	}
	return rc;
}

static int restore_admin(struct master *m, const struct handoff *h, struct handoff_fds *fds)
{
	json_t *j = load(h, "admin");
	json_t *waiters = load(h, "waiters");
	const struct handoff_section *s = handoff_find(h, "admin-bytes");
	struct reader bytes;
	int rc = 0;

	reader_init(&bytes, s ? s->data : NULL, s ? s->len : 0);
	if (j)
		rc = admin_restore(&m->admin, m->loop, j, &bytes, fds, events_ring(m->events),
				   admin_cmd_handle, m);
	if (rc < 0)
		log_error_errno(rc, "admin socket: cannot be taken over");
	if (!waiters || waiters_restore(m->waiters, waiters) < 0)
		log_warn("hand-over: who waits for an answer cannot be read; clients ask again");
	json_decref(j);
	json_decref(waiters);
	return 0;
}

static void restore_watcher(struct master *m, const struct handoff *h, struct handoff_fds *fds,
			    int inotify_fd)
{
	const struct handoff_section *s = handoff_find(h, "watcher");

	if (inotify_fd >= 0 && handoff_fds_claim(fds, inotify_fd) < 0)
		inotify_fd = -1;
	/* It has said what is wrong; the workers go on serving. */
	if (master_watch_resume(m, inotify_fd, s ? s->data : NULL, s ? s->len : 0) < 0)
		m->watcher = NULL;
}

static int restore_background(struct master *m, const struct handoff *h, struct handoff_fds *fds)
{
	json_t *j = load(h, "background");
	int rc = background_restore(&m->background, j, fds);

	json_decref(j);
	return rc;
}

static void restore_service(struct master *m, const struct handoff *h)
{
	json_t *j = load(h, "service");

	service_notify_restore(m->service, j);
	json_decref(j);
}

static void restore_nursery(struct master *m, const struct handoff *h, struct handoff_fds *fds)
{
	const struct handoff_section *list = handoff_find(h, "nursery-list");
	json_t *j = load(h, "nursery");

	nursery_restore(m->nursery, j, list ? list->data : NULL, list ? list->len : 0, fds);
	json_decref(j);
}

static void restore_supervisor(struct master *m, const struct handoff *h, struct handoff_fds *fds)
{
	json_t *j = load(h, "supervisor");

	if (supervisor_restore(m->supervisor, j, fds) < 0)
		log_error("hand-over: the workers of before cannot be taken over; they leave");
	json_decref(j);
}

static int restore_sections(struct master *m, const struct handoff *h, struct handoff_fds *fds,
			    struct config_error *error)
{
	json_t *j = load(h, "master");
	int inotify_fd = -1;
	int rc = restore_master(m, j, &inotify_fd);

	json_decref(j);
	if (rc == 0)
		rc = restore_background(m, h, fds);
	if (rc < 0)
		return rc;
	restore_rings(m, h, fds);
	restore_service(m, h);
	j = load(h, "instance");
	rc = instance_restore(&m->instance, m->config, j, fds);
	json_decref(j);
	if (rc == 0)
		rc = restore_history(m);
	if (rc == 0)
		rc = restore_listeners(m, h, fds, error);
	if (rc < 0)
		return rc;
	supervisor_configure(m->supervisor, m->config, m->listeners, m->exec_path);
	restore_nursery(m, h, fds);
	restore_supervisor(m, h, fds);
	rc = restore_admin(m, h, fds);
	if (rc == 0)
		restore_watcher(m, h, fds, inotify_fd);
	return rc;
}

static char *string_of(const json_t *object, const char *key)
{
	return json_bytes_value(json_object_get(object, key));
}

int master_state_kept(const struct buf *state, struct config_kept *kept)
{
	const json_t *config;
	struct handoff h;
	json_t *j;
	int rc = handoff_decode(buf_data(state), buf_len(state), &h);

	if (rc < 0)
		return rc;
	j = load(&h, "master");
	config = json_object_get(j, "config");
	if (json_is_object(config)) {
		json_int_t kind = json_integer_value(json_object_get(config, "kind"));

		*kept = (struct config_kept){
			.kind = kind == TARGET_COMMAND || kind == TARGET_SITE
					? (enum target_kind)kind
					: TARGET_APP,
			.target = string_of(config, "target"),
			.app_dir = string_of(config, "app_dir"),
			.directory = string_of(config, "directory"),
			.found = json_is_true(json_object_get(config, "found")),
			.file_text = string_of(config, "file_text"),
		};
	} else {
		rc = -EBADMSG;
	}
	json_decref(j);
	return rc;
}

int master_state_restore(struct master *m, const struct buf *state, struct config_error *error)
{
	struct handoff h;
	struct handoff_fds fds = {0};
	int rc = handoff_decode(buf_data(state), buf_len(state), &h);

	if (rc == 0)
		rc = load_fds(&h, &fds);
	if (rc == 0)
		rc = restore_sections(m, &h, &fds, error);
	handoff_fds_finish(&fds, true);
	return rc;
}
