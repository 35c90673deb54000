/* The patterns of --reload-include and --reload-exclude. */
#include "daemon/master/filter_pattern.h"

#include "common/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int filter_patterns_init(struct filter_patterns *p, const struct strv *list)
{
	size_t n = list ? list->len : 0;

	*p = (struct filter_patterns){0};
	p->globs = calloc(n + 1, sizeof(*p->globs));
	if (!p->globs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = list->v[i];

		while (str_starts(text, "./"))
			text += 2;
		if (strv_add(&p->text, text)) {
			filter_patterns_finish(p);
			return -ENOMEM;
		}
		text = p->text.v[i];
		if (gitignore_glob_init(&p->globs[p->count], text, strlen(text)))
			p->count++;
	}
	return 0;
}

void filter_patterns_finish(struct filter_patterns *p)
{
	free(p->globs);
	strv_finish(&p->text);
	*p = (struct filter_patterns){0};
}

/* A pattern with a slash inside may begin at any component, as pathlib's match() has it. */
static bool match_end(const struct gitignore_glob *g, const char *path, const char *name,
		      bool is_dir)
{
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/'))
		if (gitignore_glob_match(g, slash + 1, name, is_dir))
			return true;
	return false;
}

static bool match_one(const struct gitignore_glob *g, const char *path, size_t root_len,
		      bool is_dir)
{
	const char *name = path_basename(path);

	if (!g->anchored)
		return gitignore_glob_match(g, name, name, is_dir);
	if (!g->leading_slash)
		return match_end(g, path, name, is_dir);
	return gitignore_glob_match(g, path + root_len + 1, name, is_dir) ||
	       gitignore_glob_match(g, path + 1, name, is_dir);
}

/* The pattern as it was written: the glob lacks the slashes at its ends. */
static const char *text_of(const struct filter_patterns *p, const struct gitignore_glob *g)
{
	for (size_t i = 0; i < p->text.len; i++)
		if (g->text - g->leading_slash == p->text.v[i])
			return p->text.v[i];
	return g->text;
}

const char *filter_patterns_match(const struct filter_patterns *p, const char *path,
				  size_t root_len, bool is_dir)
{
	for (size_t i = 0; i < p->count; i++)
		if (match_one(&p->globs[i], path, root_len, is_dir))
			return text_of(p, &p->globs[i]);
	return NULL;
}

const char *filter_patterns_match_literal(const struct filter_patterns *p, const char *path,
					  size_t root_len)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->globs[i].shape == GLOB_LITERAL &&
		    match_one(&p->globs[i], path, root_len, false))
			return text_of(p, &p->globs[i]);
	return NULL;
}

const char *filter_patterns_match_above(const struct filter_patterns *p, const char *path,
					size_t root_len)
{
	char dir[PATH_MAX];

	if (str_copy(dir, sizeof(dir), path))
		return NULL;
	for (char *slash = strrchr(dir, '/'); slash > dir + root_len; slash = strrchr(dir, '/')) {
		const char *text;

		*slash = '\0';
		text = filter_patterns_match(p, dir, root_len, true);
		if (text)
			return text;
	}
	return NULL;
}

bool filter_patterns_reach(const struct filter_patterns *p, const char *dir, size_t root_len)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct gitignore_glob *g = &p->globs[i];

		if (!g->leading_slash || gitignore_glob_reaches(g, dir + root_len + 1) ||
		    gitignore_glob_reaches(g, dir + 1))
			return true;
	}
	return filter_patterns_match(p, dir, root_len, true) ||
	       filter_patterns_match_above(p, dir, root_len);
}

bool filter_patterns_could_name(const struct filter_patterns *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct gitignore_glob *g = &p->globs[i];

		/* What is no "*.suffix" may match a directory above the file. */
		if (g->anchored || g->shape != GLOB_SUFFIX ||
		    gitignore_glob_match(g, name, name, false))
			return true;
	}
	return false;
}
