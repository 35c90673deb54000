/* Whether a change of a path reloads, and the rule that says so. */
#include "common/path.h"
#include "daemon/master/filter.h"
#include "daemon/master/watch.h"
#include "daemon/master/watch_core.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void answer(struct watch_why *out, bool reloads, const char *fmt, ...) BB_PRINTF(3, 4);

static void answer(struct watch_why *out, bool reloads, const char *fmt, ...)
{
	va_list ap;

	out->reloads = reloads;
	va_start(ap, fmt);
	vsnprintf(out->rule, sizeof(out->rule), fmt, ap);
	va_end(ap);
}

static bool exists(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return path_join(path, sizeof(path), dir, name) == 0 && lstat(path, &st) == 0;
}

/* What only the file system knows about a directory on the way. Returns whether it is in the way. */
static bool is_barred(const char *dir, struct watch_why *out)
{
	struct stat st;

	if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode))
		answer(out, false, "directory %s: a symbolic link, which is not followed", dir);
	else if (exists(dir, "pyvenv.cfg"))
		answer(out, false, "directory %s: a virtual environment (pyvenv.cfg)", dir);
	else
		return false;
	return true;
}

static void explain(const struct watch *w, const char *path, size_t root_len, struct watch_why *out)
{
	char dir[PATH_MAX];
	struct filter_why why;
	bool counts = filter_explain(w->filter, path, root_len, &why);

	if (str_copy(dir, sizeof(dir), path) == 0) {
		char *slash = strchr(dir + root_len + 1, '/');

		for (; slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			if (counts && is_barred(dir, out))
				return;
			*slash = '/';
		}
	}
	answer(out, counts, "%s", why.rule);
}

/* Several roots may hold a path; one that reloads is enough. */
void watch_why(const struct watch *w, const char *path, struct watch_why *out)
{
	answer(out, false, "not under a watched path");
	for (size_t i = 0; i < w->roots_count; i++) {
		const struct watch_root *r = &w->roots[i];
		size_t root_len = strlen(r->path);

		if (root_len == 1)
			root_len = 0;
		if (strcmp(path, r->path) == 0)
			answer(out, true,
			       r->kind == ROOT_FILE ? "watched by name" : "a watched path itself");
		else if (path_within(path, r->path))
			explain(w, path, root_len, out);
		if (out->reloads)
			return;
	}
}
