/*
 * The filter: which directories are worth entering and which files count as a change. Pure: it knows paths and the
 * bytes of the .gitignore files that it is given, and asks no file system.
 *
 * In this order, the first that has something to say decides:
 *   1. our own files and folders               never
 *   2. built-in ignores (filter_builtin.c)     never
 *   3. --reload-exclude                        never
 *   4. an include without wildcards            counts, whatever a .gitignore says (".env")
 *   5. .gitignore files, the deepest first, up to the root of the repository; then its .git/info/exclude
 *   6. --reload-include                        counts if one matches, or if there is none
 *
 * Include and exclude patterns are globs: without a slash they match names; with one, the end of the path ("src/gen/",
 * "tests/t*.py"); with one at the front, from the watched root or as an absolute path. A pattern that matches a
 * directory stands for everything below it.
 */
#ifndef DAEMON_MASTER_FILTER_H
#define DAEMON_MASTER_FILTER_H

#include "common/attr.h"
#include "common/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;

/* Copies the lists; each may be NULL. Returns 0 or -ENOMEM. */
int filter_create(struct filter **f, const struct strv *include, const struct strv *exclude,
		  const struct strv *own) BB_NODISCARD;
void filter_destroy(struct filter *f);
/* Differs when what was given to filter_create() differs. */
uint64_t filter_fingerprint(const struct filter *f);
/* "*.py" or "*.py, *.html"; "all files" when every file counts. Returns `out`. */
char *filter_describe(const struct filter *f, char *out, size_t size);

/* Where rules come from. */
enum filter_source { FILTER_GITIGNORE, FILTER_GIT_EXCLUDE };
#define FILTER_SOURCES 2

/* The rules that hold below `dir` (absolute), instead of those from the same source before. 0 or -ENOMEM. */
int filter_set_rules(struct filter *f, const char *dir, enum filter_source source, const void *text,
		     size_t len) BB_NODISCARD;
bool filter_has_rules(const struct filter *f, const char *dir, enum filter_source source);
void filter_drop_rules(struct filter *f, const char *dir, enum filter_source source);
/* A repository begins at `dir`: rules from above do not reach into it. 0 or -ENOMEM. */
int filter_set_repository(struct filter *f, const char *dir) BB_NODISCARD;
/* The i-th directory with rules from `source`, or NULL behind the last. */
const char *filter_rules_at(const struct filter *f, enum filter_source source, size_t i);

/* One line that names the deciding rule. */
struct filter_why {
	char rule[256];
};

/*
 * About `path`, absolute and below its root: `root_len` is the length of the root's part ("/" has length 0). The
 * directories between are taken to have been entered. `why` may be NULL.
 */
bool filter_enters(const struct filter *f, const char *path, size_t root_len,
		   struct filter_why *why);
bool filter_counts(const struct filter *f, const char *path, size_t root_len,
		   struct filter_why *why);
/* The same for a file whose directories were not looked at: the first one that is not entered decides. */
bool filter_explain(const struct filter *f, const char *path, size_t root_len,
		    struct filter_why *why);
/* Whether a file of this name could count, wherever it lies. Fast, and true in doubt. */
bool filter_wants_name(const struct filter *f, const char *name);

#endif
