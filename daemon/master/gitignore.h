/* One .gitignore file: its bytes become rules, and the last rule that matches a path decides. Pure. gitignore(5). */
#ifndef DAEMON_MASTER_GITIGNORE_H
#define DAEMON_MASTER_GITIGNORE_H

#include <stdbool.h>
#include <stddef.h>

/* What is beyond is not read: no such file is written by hand. */
#define GITIGNORE_SIZE_MAX (1024 * 1024)

struct gitignore;

/* Copies the text. NULL when memory runs out. */
struct gitignore *gitignore_parse(const void *text, size_t len);
void gitignore_destroy(struct gitignore *g);

enum gitignore_verdict {
	GITIGNORE_SILENT, /* no rule matches: a file further up decides */
	GITIGNORE_IGNORED,
	GITIGNORE_KEPT, /* by a rule that begins with "!" */
};

/* The rule that decided, for people. */
struct gitignore_reason {
	const char *text; /* as written, without its newline; owned by the gitignore */
	unsigned line;	  /* from 1 */
};

/*
 * `path` is relative to the file's directory. Looks at the path alone: that a directory above it is ignored is for
 * the caller to find out first. `why` may be NULL; it is written unless the verdict is silent.
 */
enum gitignore_verdict gitignore_match(const struct gitignore *g, const char *path, bool is_dir,
				       struct gitignore_reason *why);

#endif
