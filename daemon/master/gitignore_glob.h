/*
 * One glob in the language of gitignore(5), which include and exclude patterns share: pure, bytes only.
 *
 *   *.py        no slash inside: matches the name at any depth
 *   /a/b*.py    a slash at the front or inside: matches the whole path, "*" stops at "/"
 *   build/      a slash at the end: directories only
 *   a/ ** /b    (without the blanks) any number of directories
 *   [a-z] ? \*  as in the shell
 *
 * Time is polynomial in pattern and path, whatever they hold.
 */
#ifndef DAEMON_MASTER_GITIGNORE_GLOB_H
#define DAEMON_MASTER_GITIGNORE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gitignore_shape {
	GLOB_LITERAL, /* no special character: compared as it is */
	GLOB_SUFFIX,  /* "*" and then no special character: "*.py" */
	GLOB_GENERAL,
};

struct gitignore_glob {
	const char *text; /* borrowed: the pattern without the slashes at its ends */
	size_t len;
	enum gitignore_shape shape;
	bool anchored;	       /* matches paths, not names */
	bool leading_slash;    /* it was written with one */
	bool directories_only; /* it ended in one */
};

/* Takes `len` bytes that outlive the glob. Returns false for a pattern that can match nothing ("", "/"). */
bool gitignore_glob_init(struct gitignore_glob *g, const char *text, size_t len);

/* Whether `path` matches: relative, without a slash at either end. `name` is its last component. */
bool gitignore_glob_match(const struct gitignore_glob *g, const char *path, const char *name,
			  bool is_dir);

/* Whether some path below the directory `dir` could match: what does not is not worth entering. */
bool gitignore_glob_reaches(const struct gitignore_glob *g, const char *dir);

#endif
