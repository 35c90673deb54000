/* Changes of files become generations. */
#include "daemon/master/master_watch.h"

#include "common/log.h"
#include "daemon/master/events.h"
#include "daemon/master/instance.h"
#include "daemon/master/json_text.h"
#include "daemon/master/master.h"
#include "daemon/master/watcher.h"

#include <unistd.h>

#define NAMED_MAX 3 /* paths that the log line names */

static void log_change(const struct watch_batch *b)
{
	struct buf names;
	int rc = 0;

	if (b->overflow) {
		log_info("change detected: too many at once for the kernel's queue; everything was "
			 "looked at again");
		return;
	}
	buf_init(&names, 64 * 1024);
	for (size_t i = 0; i < b->paths->len && i < NAMED_MAX && rc == 0; i++)
		rc = buf_printf(&names, "%s%s", i ? ", " : "", b->paths->v[i]);
	if (b->paths->len > NAMED_MAX && rc == 0)
		rc = buf_printf(&names, " and %zu more", b->paths->len - NAMED_MAX);
	log_info("change detected in %.*s", (int)buf_len(&names),
		 buf_len(&names) ? buf_data(&names) : "");
	buf_finish(&names);
}

static json_t *batch_to_json(const struct watch_batch *b)
{
	return json_pack("{s:o, s:b}", "paths", json_texts(b->paths), "overflow", (int)b->overflow);
}

static void changed(void *owner, const struct watch_batch *b)
{
	struct master *m = owner;

	log_change(b);
	events_emit(m->events, "change", batch_to_json(b));
	(void)master_reload(m, GEN_CHANGE, b->paths, b->first, NULL);
}

/* What is never a change: our own folder, should it lie in the tree. */
static int own_paths(const struct master *m, struct strv *own)
{
	return strv_add(own, instance_dir(m->instance));
}

static struct watch_config watch_config_of(const struct master *m, const struct strv *own)
{
	const struct config *c = m->config;

	return (struct watch_config){.roots = &c->reload_paths,
				     .include = &c->reload_include,
				     .exclude = &c->reload_exclude,
				     .own = own,
				     .delay_ms = c->reload_delay_ms,
				     .poll_ms = c->reload_poll_ms};
}

int master_watch_start(struct master *m)
{
	struct strv own = {0};
	struct watch_config wc;
	int rc;

	if (!m->config->reload)
		return 0;
	rc = own_paths(m, &own);
	wc = watch_config_of(m, &own);
	if (rc == 0)
		rc = watcher_create(&m->watcher, m->loop, &wc, changed, m);
	strv_finish(&own);
	if (rc < 0)
		log_error_errno(rc, "cannot watch for changes");
	return rc;
}

int master_watch_resume(struct master *m, int inotify_fd, const void *state, size_t len)
{
	struct strv own = {0};
	struct watch_config wc;
	int rc;

	if (!m->config->reload) {
		if (inotify_fd >= 0)
			close(inotify_fd);
		return 0;
	}
	rc = own_paths(m, &own);
	wc = watch_config_of(m, &own);
	if (rc == 0)
		rc = watcher_restore(&m->watcher, m->loop, &wc, changed, m, inotify_fd, state, len);
	strv_finish(&own);
	if (rc < 0)
		log_error_errno(rc, "cannot watch for changes any longer");
	return rc;
}

int master_watch_merge(struct master *m, const struct strv *were, const struct strv *watched)
{
	struct strv *paths = &m->config->reload_paths;
	struct strv now = {0};
	int rc = strv_copy(&m->config_roots, paths);

	for (size_t i = 0; i < paths->len && rc == 0; i++) {
		if (strv_contains(watched, paths->v[i]) || !strv_contains(were, paths->v[i]))
			rc = strv_add_unique(&now, paths->v[i]);
	}
	for (size_t i = 0; i < watched->len && rc == 0; i++) {
		if (!strv_contains(were, watched->v[i]))
			rc = strv_add_unique(&now, watched->v[i]);
	}
	if (rc < 0) {
		strv_finish(&now);
		return rc;
	}
	strv_finish(paths);
	*paths = now;
	return 0;
}
