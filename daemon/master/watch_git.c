/* Repositories and their index.lock. */
#include "daemon/master/watch_git.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/master/filter.h"
#include "daemon/master/gitignore.h"
#include "daemon/master/watch_anchor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK "index.lock"
/* In the .git directory, as long as git works through several commits: sequencer.c and builtin/rebase.c of git. */
static const char *const series_dirs[] = {"rebase-merge", "rebase-apply", "sequencer"};

#define GIT_FILE_MAX (PATH_MAX + 64)

static struct watch_repo *find_id(struct watch *w, uint32_t id)
{
	for (size_t i = 0; i < w->repos_count; i++)
		if (w->repos[i].id == id)
			return &w->repos[i];
	return NULL;
}

static struct watch_repo *find_git(struct watch *w, const char *git)
{
	for (size_t i = 0; i < w->repos_count; i++)
		if (strcmp(w->repos[i].git, git) == 0)
			return &w->repos[i];
	return NULL;
}

/* Tells the debouncer whether any lock is held, and how old the youngest is. */
static void tell_debouncer(struct watch *w, struct mono now)
{
	bool held = false, series = false;
	struct mono since = {0};

	for (size_t i = 0; i < w->repos_count; i++) {
		const struct watch_repo *r = &w->repos[i];

		if (r->held && mono_before(since, r->since))
			since = r->since;
		held |= r->held;
		series |= r->series != 0;
	}
	debounce_series(&w->debounce, series);
	debounce_lock(&w->debounce, held, since, now);
}

static void look_for_series(struct watch_repo *r)
{
	char path[PATH_MAX];
	struct stat st;

	r->series = 0;
	for (size_t i = 0; i < ARRAY_LEN(series_dirs); i++)
		if (path_join(path, sizeof(path), r->git, series_dirs[i]) == 0 &&
		    lstat(path, &st) == 0)
			r->series |= 1u << i;
}

/* Looks whether the lock is there; one that we did not see coming is as old as its file. */
static void look(struct watch_repo *r, struct mono now)
{
	char path[PATH_MAX];
	struct stat st;

	look_for_series(r);
	if (path_join(path, sizeof(path), r->git, LOCK) || lstat(path, &st) < 0) {
		r->held = false;
		return;
	}
	if (r->held)
		return;

	int64_t age =
		wall_now().ns - (st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec);

	r->held = true;
	r->since = (struct mono){now.ns - (age > 0 && age < now.ns ? age : 0)};
}

/* The text of a small file, cut at its first newline. Allocated, or NULL. */
static char *read_line(const char *path)
{
	char *text;
	size_t len;

	if (fd_read_file(path, GIT_FILE_MAX, &text, &len))
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

/* Where the ".git" of `dir` really is: gitrepository-layout(5), "gitfile". Returns 0 or -errno. */
static int git_dir(const char *dir, char out[PATH_MAX])
{
	char path[PATH_MAX];
	struct stat st;
	int err = path_join(path, sizeof(path), dir, ".git");

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return str_copy(out, PATH_MAX, path);

	char *line = read_line(path);

	err = line && str_starts(line, "gitdir: ")
		      ? path_normalize(out, PATH_MAX, dir, line + strlen("gitdir: "))
		      : -ENOENT;
	free(line);
	return err;
}

static void load_exclude(struct watch *w, const char *dir, const char *git)
{
	char path[PATH_MAX], *text;
	size_t len;

	if (path_join(path, sizeof(path), git, "info/exclude") ||
	    fd_read_file(path, GITIGNORE_SIZE_MAX, &text, &len))
		return;
	if (filter_set_rules(w->filter, dir, FILTER_GIT_EXCLUDE, text, len))
		filter_drop_rules(w->filter, dir, FILTER_GIT_EXCLUDE);
	free(text);
}

struct watch_repo *watch_git_append(struct watch *w, const char *dir, const char *git)
{
	struct watch_repo *grown = realloc(w->repos, (w->repos_count + 1) * sizeof(*grown));
	struct watch_repo r = {.dir = strdup(dir), .git = strdup(git), .node = WATCH_NONE};

	if (grown)
		w->repos = grown;
	if (!grown || !r.dir || !r.git) {
		free(r.dir);
		free(r.git);
		return NULL;
	}
	w->repos[w->repos_count] = r;
	return &w->repos[w->repos_count++];
}

void watch_git_load_rules(struct watch *w, const struct watch_repo *r)
{
	if (filter_set_repository(w->filter, r->dir) == 0)
		load_exclude(w, r->dir, r->git);
}

/* Without a watch its lock is not seen, and the window closes when it is quiet. */
static void anchor(struct watch *w, const struct watch_repo *r, const char *name)
{
	if (watch_anchor_add(w, r->git, WATCH_MASK_NAMES, ANCHOR_LOCK, r->id, name))
		log_debug("watch: no watch for \"%s\"", r->git);
}

void watch_git_add(struct watch *w, const char *dir, uint32_t node, struct mono now)
{
	char git[PATH_MAX];
	struct watch_repo *r;

	if (git_dir(dir, git))
		return;
	r = find_git(w, git);
	if (!r) {
		r = watch_git_append(w, dir, git);
		if (!r)
			return;
		r->id = ++w->last_id;
	}
	r->node = node;
	watch_git_load_rules(w, r);
	anchor(w, r, LOCK);
	for (size_t i = 0; i < ARRAY_LEN(series_dirs); i++)
		anchor(w, r, series_dirs[i]);
	look(r, now);
	tell_debouncer(w, now);
}

static void remove_repo(struct watch *w, struct watch_repo *r)
{
	uint32_t id = r->id;

	free(r->dir);
	free(r->git);
	*r = w->repos[--w->repos_count];
	watch_anchor_drop(w, id);
}

void watch_git_drop_node(struct watch *w, uint32_t node)
{
	size_t count = w->repos_count;

	for (size_t i = count; i-- > 0;)
		if (w->repos[i].node == node)
			remove_repo(w, &w->repos[i]);
	if (w->repos_count != count)
		tell_debouncer(w, mono_now());
}

void watch_git_look(struct watch *w, struct mono now)
{
	for (size_t i = 0; i < w->repos_count; i++)
		look(&w->repos[i], now);
	tell_debouncer(w, now);
}

void watch_git_event(struct watch *w, uint32_t repo, const struct inotify_event *ev,
		     struct mono now)
{
	struct watch_repo *r = find_id(w, repo);

	if (!r)
		return;
	if (strcmp(ev->name, LOCK) != 0) {
		look_for_series(r);
	} else if (ev->mask & (IN_CREATE | IN_MOVED_TO)) {
		r->held = true;
		r->since = now;
	} else if (ev->mask & (IN_DELETE | IN_MOVED_FROM)) {
		r->held = false;
	}
	tell_debouncer(w, now);
}

/* Its anchors are about to be forgotten by whoever calls; it is found again when the directory is listed. */
void watch_git_gone(struct watch *w, uint32_t repo, struct mono now)
{
	struct watch_repo *r = find_id(w, repo);

	if (!r)
		return;
	r->held = false;
	r->series = 0;
	tell_debouncer(w, now);
}

void watch_git_finish(struct watch *w)
{
	for (size_t i = 0; i < w->repos_count; i++) {
		free(w->repos[i].dir);
		free(w->repos[i].git);
	}
	free(w->repos);
	w->repos = NULL;
	w->repos_count = 0;
}
