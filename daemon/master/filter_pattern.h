/* The patterns of --reload-include and --reload-exclude: globs of gitignore, and what they mean for absolute paths. Pure. */
#ifndef DAEMON_MASTER_FILTER_PATTERN_H
#define DAEMON_MASTER_FILTER_PATTERN_H

#include "common/attr.h"
#include "common/str.h"
#include "daemon/master/gitignore_glob.h"

#include <stdbool.h>
#include <stddef.h>

struct filter_patterns {
	struct strv text; /* as given, except for "./" at the front */
	struct gitignore_glob *globs;
	size_t count; /* of globs; patterns that can match nothing have none */
};

/* Copies the list, which may be NULL. Returns 0 or -ENOMEM. */
int filter_patterns_init(struct filter_patterns *p, const struct strv *list) BB_NODISCARD;
void filter_patterns_finish(struct filter_patterns *p);

/* Each returns the pattern that matches, or NULL. `root_len` is as in filter.h. */
const char *filter_patterns_match(const struct filter_patterns *p, const char *path,
				  size_t root_len, bool is_dir);
/* One without wildcards. */
const char *filter_patterns_match_literal(const struct filter_patterns *p, const char *path,
					  size_t root_len);
/* One that matches a directory between the root and the path. */
const char *filter_patterns_match_above(const struct filter_patterns *p, const char *path,
					size_t root_len);

/* Whether something below the directory could match. */
bool filter_patterns_reach(const struct filter_patterns *p, const char *dir, size_t root_len);
/* Whether a file of this name could match, wherever it lies. */
bool filter_patterns_could_name(const struct filter_patterns *p, const char *name);

#endif
