/* The filter: rules in the order of their strength, asked until one has something to say. */
#include "daemon/master/filter.h"

#include "common/path.h"
#include "daemon/master/filter_builtin.h"
#include "daemon/master/filter_pattern.h"
#include "daemon/master/filter_rules.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(FILTER_SOURCES == FILTER_RULES_SOURCES, "every source has its place");

struct filter {
	struct filter_patterns include;
	struct filter_patterns exclude;
	struct strv own;
	struct gitignore_glob builtin[FILTER_BUILTINS_MAX];
	struct filter_rules rules;
};

int filter_create(struct filter **out, const struct strv *include, const struct strv *exclude,
		  const struct strv *own)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	if (filter_patterns_init(&f->include, include) ||
	    filter_patterns_init(&f->exclude, exclude) || (own && strv_copy(&f->own, own))) {
		filter_destroy(f);
		return -ENOMEM;
	}
	for (size_t i = 0; filter_builtin_at(i); i++) {
		const char *glob = filter_builtin_at(i)->glob;

		gitignore_glob_init(&f->builtin[i], glob, strlen(glob));
	}
	*out = f;
	return 0;
}

void filter_destroy(struct filter *f)
{
	if (!f)
		return;
	filter_patterns_finish(&f->include);
	filter_patterns_finish(&f->exclude);
	filter_rules_finish(&f->rules);
	strv_finish(&f->own);
	free(f);
}

/* FNV-1a, RFC draft-eastlake-fnv: the terminating NUL keeps neighbours apart. */
static uint64_t hash_list(uint64_t h, const struct strv *list)
{
	for (size_t i = 0; i < list->len; i++) {
		const char *s = list->v[i];

		do {
			h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
		} while (*s++);
	}
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

uint64_t filter_fingerprint(const struct filter *f)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	h = hash_list(h, &f->include.text);
	h = hash_list(h, &f->exclude.text);
	return hash_list(h, &f->own);
}

char *filter_describe(const struct filter *f, char *out, size_t size)
{
	size_t len = 0;

	snprintf(out, size, "all files");
	for (size_t i = 0; i < f->include.text.len && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "",
					f->include.text.v[i]);
	return out;
}

int filter_set_rules(struct filter *f, const char *dir, enum filter_source source, const void *text,
		     size_t len)
{
	struct gitignore *g = gitignore_parse(text, len);
	struct filter_rules_dir *d = g ? filter_rules_add(&f->rules, dir) : NULL;

	if (!d) {
		gitignore_destroy(g);
		return -ENOMEM;
	}
	gitignore_destroy(d->source[source]);
	d->source[source] = g;
	return 0;
}

bool filter_has_rules(const struct filter *f, const char *dir, enum filter_source source)
{
	const struct filter_rules_dir *d = filter_rules_find(&f->rules, dir);

	return d && d->source[source];
}

void filter_drop_rules(struct filter *f, const char *dir, enum filter_source source)
{
	struct filter_rules_dir *d = filter_rules_find(&f->rules, dir);

	if (!d)
		return;
	gitignore_destroy(d->source[source]);
	d->source[source] = NULL;
}

int filter_set_repository(struct filter *f, const char *dir)
{
	struct filter_rules_dir *d = filter_rules_add(&f->rules, dir);

	if (!d)
		return -ENOMEM;
	d->repository = true;
	return 0;
}

const char *filter_rules_at(const struct filter *f, enum filter_source source, size_t i)
{
	for (size_t d = 0; d < f->rules.count; d++)
		if (f->rules.dirs[d].source[source] && i-- == 0)
			return f->rules.dirs[d].path;
	return NULL;
}

static bool say(bool verdict, struct filter_why *why, const char *fmt, ...) BB_PRINTF(3, 4);

static bool say(bool verdict, struct filter_why *why, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return verdict;
	va_start(ap, fmt);
	vsnprintf(why->rule, sizeof(why->rule), fmt, ap);
	va_end(ap);
	return verdict;
}

static const char *own_of(const struct filter *f, const char *path)
{
	for (size_t i = 0; i < f->own.len; i++)
		if (path_within(path, f->own.v[i]))
			return f->own.v[i];
	return NULL;
}

/* The built-in ignore that matches a name, or NULL. */
static const struct filter_builtin *builtin_of(const struct filter *f, const char *name,
					       enum filter_builtin_kind kind)
{
	const struct filter_builtin *b;

	for (size_t i = 0; (b = filter_builtin_at(i)); i++)
		if (b->kind == kind && gitignore_glob_match(&f->builtin[i], name, name,
							    kind == FILTER_BUILTIN_DIRECTORY))
			return b;
	return NULL;
}

/* Whether a .gitignore says no; `why` is then written. */
static bool git_ignores(const struct filter *f, const char *path, bool is_dir,
			struct filter_why *why)
{
	static const char *const names[] = {
		[FILTER_GITIGNORE] = ".gitignore",
		[FILTER_GIT_EXCLUDE] = ".git/info/exclude",
	};
	struct filter_rules_verdict v = filter_rules_ask(&f->rules, path, is_dir);

	if (v.verdict != GITIGNORE_IGNORED)
		return false;
	return say(true, why, "ignored by %.*s/%s:%u: %s", (int)v.dir->len, v.dir->path,
		   names[v.source], v.reason.line, v.reason.text);
}

bool filter_enters(const struct filter *f, const char *path, size_t root_len,
		   struct filter_why *why)
{
	const char *name = path_basename(path);
	const struct filter_builtin *b = builtin_of(f, name, FILTER_BUILTIN_DIRECTORY);
	const char *text;

	if (b)
		return say(false, why, "ignored by default: %s (%s)", b->glob, b->what);
	if (own_of(f, path))
		return say(false, why, "our own folder");
	text = filter_patterns_match(&f->exclude, path, root_len, true);
	if (text)
		return say(false, why, "matches exclude %s", text);
	if (git_ignores(f, path, true, why))
		return false;
	if (f->include.text.len > 0 && !filter_patterns_reach(&f->include, path, root_len))
		return say(false, why, "no include reaches it");
	return say(true, why, "entered");
}

/* Everything but the includes. */
static bool is_refused(const struct filter *f, const char *path, size_t root_len,
		       struct filter_why *why)
{
	const char *name = path_basename(path), *text;
	const struct filter_builtin *b = builtin_of(f, name, FILTER_BUILTIN_FILE);

	if (own_of(f, path))
		return say(true, why, "our own file");
	if (!b && f->include.text.len == 0)
		b = builtin_of(f, name, FILTER_BUILTIN_OUTPUT);
	if (b)
		return say(true, why, "ignored by default: %s (%s)", b->glob, b->what);
	text = filter_patterns_match(&f->exclude, path, root_len, false);
	if (text)
		return say(true, why, "matches exclude %s", text);
	if (filter_patterns_match_literal(&f->include, path, root_len))
		return false;
	return git_ignores(f, path, false, why);
}

bool filter_counts(const struct filter *f, const char *path, size_t root_len,
		   struct filter_why *why)
{
	const char *text;

	if (f->include.text.len > 0) {
		text = filter_patterns_match(&f->include, path, root_len, false);
		if (!text)
			text = filter_patterns_match_above(&f->include, path, root_len);
		if (!text && !why)
			return false;
	} else {
		text = "";
	}
	if (is_refused(f, path, root_len, why))
		return false;
	if (!text)
		return say(false, why, "matches no include");
	return *text ? say(true, why, "matches include %s", text)
		     : say(true, why, "not ignored, and every file counts");
}

bool filter_explain(const struct filter *f, const char *path, size_t root_len,
		    struct filter_why *why)
{
	char dir[PATH_MAX];
	struct filter_why inner;

	if (str_copy(dir, sizeof(dir), path))
		return say(false, why, "path too long");
	for (char *slash = strchr(dir + root_len + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!filter_enters(f, dir, root_len, &inner))
			return say(false, why, "directory %s: %s", dir, inner.rule);
		*slash = '/';
	}
	return filter_counts(f, path, root_len, why);
}

bool filter_wants_name(const struct filter *f, const char *name)
{
	return f->include.text.len == 0 || filter_patterns_could_name(&f->include, name);
}
