/* The .gitignore files of a tree, by directory. */
#include "daemon/master/filter_rules.h"

#include <stdlib.h>
#include <string.h>

void filter_rules_finish(struct filter_rules *r)
{
	for (size_t i = 0; i < r->count; i++) {
		for (int s = 0; s < FILTER_RULES_SOURCES; s++)
			gitignore_destroy(r->dirs[i].source[s]);
		free(r->dirs[i].path);
	}
	free(r->dirs);
	*r = (struct filter_rules){0};
}

static int compare(const struct filter_rules_dir *d, const char *path, size_t len)
{
	int order = memcmp(d->path, path, d->len < len ? d->len : len);

	return order ? order : (d->len > len) - (d->len < len);
}

/* The place of a path, or where it would be. */
static size_t position(const struct filter_rules *r, const char *path, size_t len)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&r->dirs[middle], path, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct filter_rules_dir *find(const struct filter_rules *r, const char *path, size_t len)
{
	size_t i = position(r, path, len);

	return i < r->count && compare(&r->dirs[i], path, len) == 0 ? &r->dirs[i] : NULL;
}

/* "/" has length 0, so that its part of a path ends before a slash as that of every other directory. */
static size_t length_of(const char *dir)
{
	size_t len = strlen(dir);

	return len == 1 ? 0 : len;
}

struct filter_rules_dir *filter_rules_find(const struct filter_rules *r, const char *dir)
{
	return find(r, dir, length_of(dir));
}

struct filter_rules_dir *filter_rules_add(struct filter_rules *r, const char *dir)
{
	struct filter_rules_dir *d = filter_rules_find(r, dir);

	if (d)
		return d;
	if (r->count == r->size) {
		size_t size = r->size ? 2 * r->size : 8;
		struct filter_rules_dir *grown = realloc(r->dirs, size * sizeof(*grown));

		if (!grown)
			return NULL;
		r->dirs = grown;
		r->size = size;
	}

	char *path = strdup(dir);
	size_t i = position(r, dir, length_of(dir));

	if (!path)
		return NULL;
	d = &r->dirs[i];
	memmove(d + 1, d, (r->count - i) * sizeof(*d));
	*d = (struct filter_rules_dir){.path = path, .len = length_of(path)};
	r->count++;
	return d;
}

static bool ask_dir(const struct filter_rules_dir *d, const char *path, bool is_dir,
		    struct filter_rules_verdict *v)
{
	for (int s = 0; s < FILTER_RULES_SOURCES; s++) {
		if (!d->source[s])
			continue;
		v->verdict = gitignore_match(d->source[s], path + d->len + 1, is_dir, &v->reason);
		if (v->verdict == GITIGNORE_SILENT)
			continue;
		v->dir = d;
		v->source = s;
		return true;
	}
	return false;
}

struct filter_rules_verdict filter_rules_ask(const struct filter_rules *r, const char *path,
					     bool is_dir)
{
	struct filter_rules_verdict v = {.verdict = GITIGNORE_SILENT};
	size_t len = strlen(path);

	while (r->count > 0 && len > 0) {
		const struct filter_rules_dir *d;

		while (path[--len] != '/')
			;
		d = find(r, path, len);
		if (d && (ask_dir(d, path, is_dir, &v) || d->repository))
			break;
	}
	return v;
}
