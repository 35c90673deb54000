/* Admin operations on the watcher: paths, why, pause, resume. */
#include "daemon/master/admin_call.h"

#include "common/log.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/master/admin_cmd.h"
#include "daemon/master/events.h"
#include "daemon/master/instance.h"
#include "daemon/master/json_text.h"
#include "daemon/master/master.h"
#include "daemon/master/watcher.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static json_t *roots_to_json(const struct master *m)
{
	return m->watcher ? json_texts(watcher_roots(m->watcher)) : json_array();
}

/* Whether there is a watcher; else the caller was told. */
static bool check_watching(const struct admin_call *c)
{
	if (c->m->watcher)
		return true;
	if (c->m->stopping)
		answer_error(c->m, c->from, ADMIN_ERR_STOPPING, "the daemon is stopping");
	else
		answer_error(c->m, c->from, ADMIN_ERR_FAILED,
			     "nothing is watched: blackbulld was started without --reload");
	return false;
}

void cmd_paths_list(const struct admin_call *c)
{
	answer_ok(c->m, c->from, json_pack("{s:o}", "paths", roots_to_json(c->m)));
}

/* The watched paths have changed: told to subscribers and to who looks for instances, and kept for the next image. */
static void paths_changed(const struct admin_call *c)
{
	json_t *info = admin_cmd_info(c->m);
	int err = info ? instance_write_info(c->m->instance, info) : -ENOMEM;

	json_decref(info);
	if (err)
		log_warn_errno(err, "info.json not written");
	events_emit(c->m->events, "watch",
		    json_pack("{s:s, s:o}", "event", "paths", "paths", roots_to_json(c->m)));
	cmd_paths_list(c);
}

/* The paths of the request, normalized. 0 or -errno. */
static int read_paths(const struct admin_call *c, struct strv *out)
{
	char normal[PATH_MAX];
	const char *path;
	int err = 0;

	for (size_t i = 0; !err && (path = call_path(c, "paths", i)); i++) {
		err = path_normalize(normal, sizeof(normal), "/", path);
		if (!err)
			err = strv_add_unique(out, normal);
	}
	return err;
}

static void refuse_path(const struct admin_call *c, int err, const char *path)
{
	answer_error(c->m, c->from, err == -ENOENT ? ADMIN_ERR_NOT_FOUND : ADMIN_ERR_FAILED,
		     "path \"%s\": %s; the watched paths are as before", path, strerror(-err));
}

static int add_root(struct master *m, const char *path)
{
	struct stat st;

	if (strv_contains(watcher_roots(m->watcher), path))
		return -EEXIST;
	if (stat(path, &st) < 0)
		return -errno;

	int err = watcher_add_root(m->watcher, path);

	if (!err)
		err = strv_add_unique(&m->config->reload_paths, path);
	return err;
}

static int remove_root(struct master *m, const char *path)
{
	int err = watcher_remove_root(m->watcher, path);

	if (!err)
		strv_remove(&m->config->reload_paths, path);
	return err;
}

/* All or none. One that is watched already is fine: the request may be a repeated one. */
static bool add_all(const struct admin_call *c, const struct strv *paths)
{
	struct strv added = {0};
	int err = 0;
	size_t i;

	for (i = 0; i < paths->len; i++) {
		err = add_root(c->m, paths->v[i]);
		if (!err)
			err = strv_add(&added, paths->v[i]);
		if (err && err != -EEXIST)
			break;
		err = 0;
	}
	if (err) {
		refuse_path(c, err, paths->v[i]);
		for (size_t n = 0; n < added.len; n++)
			(void)remove_root(c->m, added.v[n]);
	}
	strv_finish(&added);
	return !err;
}

void cmd_paths_add(const struct admin_call *c)
{
	struct strv paths = {0};

	if (!check_watching(c))
		return;

	int err = read_paths(c, &paths);

	if (err)
		refuse_path(c, err, "paths");
	else if (add_all(c, &paths))
		paths_changed(c);
	strv_finish(&paths);
}

/* The first of the paths that is not watched, or NULL. */
static const char *find_unwatched(const struct master *m, const struct strv *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		if (!strv_contains(watcher_roots(m->watcher), paths->v[i]))
			return paths->v[i];
	return NULL;
}

static void remove_all(const struct admin_call *c, const struct strv *paths)
{
	for (size_t i = 0; i < paths->len; i++) {
		int err = remove_root(c->m, paths->v[i]);

		if (err)
			log_warn_errno(err, "watch \"%s\": not removed", paths->v[i]);
	}
}

void cmd_paths_remove(const struct admin_call *c)
{
	struct strv paths = {0};

	if (!check_watching(c))
		return;

	int err = read_paths(c, &paths);
	const char *unwatched = err ? NULL : find_unwatched(c->m, &paths);

	if (err) {
		refuse_path(c, err, "paths");
	} else if (unwatched) {
		answer_error(c->m, c->from, ADMIN_ERR_NOT_FOUND,
			     "path \"%s\" is not one of the watched paths; \"blackbullctl paths\" "
			     "lists them",
			     unwatched);
	} else {
		remove_all(c, &paths);
		paths_changed(c);
	}
	strv_finish(&paths);
}

void cmd_why(const struct admin_call *c)
{
	const char *path = call_word(c, "path", "");
	struct watch_why why = {
		.rule = "nothing is watched: blackbulld was started without --reload"};

	if (c->m->watcher)
		watcher_why(c->m->watcher, path, &why);
	answer_ok(c->m, c->from,
		  json_pack("{s:s, s:b, s:o}", "path", path, "reloads", (int)why.reloads, "rule",
			    json_text(why.rule, strlen(why.rule))));
}

/* Says so once, however often it is asked for. */
static void set_paused(const struct admin_call *c, bool pause)
{
	struct master *m = c->m;
	bool changes = watcher_stats(m->watcher).paused != pause;

	if (changes) {
		log_info("watching %s by pid %d%s", pause ? "paused" : "resumed", (int)c->from->pid,
			 pause ? "; changes are kept until \"blackbullctl resume\"" : "");
		events_emit(m->events, "watch",
			    json_pack("{s:s}", "event", pause ? "paused" : "resumed"));
	}
	if (pause)
		watcher_pause(m->watcher);
	else
		watcher_resume(m->watcher);
	answer_ok(m, c->from, json_pack("{s:b}", "paused", (int)pause));
}

void cmd_pause(const struct admin_call *c)
{
	if (check_watching(c))
		set_paused(c, true);
}

void cmd_resume(const struct admin_call *c)
{
	if (check_watching(c))
		set_paused(c, false);
}
