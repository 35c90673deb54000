/* What is ignored without being told so: one table. Pure data. */
#ifndef DAEMON_MASTER_FILTER_BUILTIN_H
#define DAEMON_MASTER_FILTER_BUILTIN_H

#include <stddef.h>

enum filter_builtin_kind {
	FILTER_BUILTIN_DIRECTORY, /* never entered */
	FILTER_BUILTIN_FILE,	  /* never counts */
	FILTER_BUILTIN_OUTPUT, /* written by programs as they run: does not count unless an include names it */
};

struct filter_builtin {
	const char *glob; /* in the language of gitignore, matches names */
	enum filter_builtin_kind kind;
	const char *what; /* for people */
};

/* The i-th entry, or NULL behind the last. */
const struct filter_builtin *filter_builtin_at(size_t i);
#define FILTER_BUILTINS_MAX 80 /* entries at most */

#endif
