/* The .gitignore files of a tree, by directory, and which of them decides about a path. Pure. */
#ifndef DAEMON_MASTER_FILTER_RULES_H
#define DAEMON_MASTER_FILTER_RULES_H

#include "common/attr.h"
#include "daemon/master/gitignore.h"

#include <stdbool.h>
#include <stddef.h>

#define FILTER_RULES_SOURCES 2 /* .gitignore, which is stronger, and .git/info/exclude */

/* What is known about one directory. */
struct filter_rules_dir {
	char *path;
	size_t len; /* of path; 0 for "/" */
	struct gitignore *source[FILTER_RULES_SOURCES];
	bool repository; /* nothing from above reaches in */
};

struct filter_rules {
	struct filter_rules_dir *dirs; /* sorted by path */
	size_t count;
	size_t size;
};

void filter_rules_finish(struct filter_rules *r);
/* The entry of `dir`, made if it is missing. NULL when memory runs out. */
struct filter_rules_dir *filter_rules_add(struct filter_rules *r, const char *dir);
/* NULL when there is none. */
struct filter_rules_dir *filter_rules_find(const struct filter_rules *r, const char *dir);

struct filter_rules_verdict {
	enum gitignore_verdict verdict;
	struct gitignore_reason reason;
	const struct filter_rules_dir *dir; /* whose rule it is */
	int source;
};

/* Asks every directory above `path` (absolute), the deepest first. */
struct filter_rules_verdict filter_rules_ask(const struct filter_rules *r, const char *path,
					     bool is_dir);

#endif
