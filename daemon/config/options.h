/*
 * The option table: every option of blackbulld, once. The command line, blackbulld.conf, the environment and --help
 * are read off it; tests/lint/options.py holds completions and man pages against it.
 */
#ifndef DAEMON_CONFIG_OPTIONS_H
#define DAEMON_CONFIG_OPTIONS_H

#include "daemon/config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX 64 /* the table is no longer: options.c asserts it */

struct option_def;

/*
 * Puts a value into the field that the table names. Returns 0, -ENOMEM, or -EINVAL with what was expected in
 * *why; the field is written on success only.
 */
typedef int option_apply_fn(struct config *c, const struct option_def *o, const char *value,
			    struct config_error *why);

enum option_group {
	GROUP_LISTENING,
	GROUP_RELOADING,
	GROUP_APPS,
	GROUP_COMMANDS,
	GROUP_HTTP,
	GROUP_DAEMON,
	GROUP_OTHER,
};
#define OPTION_GROUPS 7

enum option_kind {
	OPTION_SWITCH,	 /* --x, --no-x; "x = yes" */
	OPTION_VALUE,	 /* --x VALUE */
	OPTION_OPTIONAL, /* --x, --x=VALUE, --x DIGITS */
	OPTION_ACTION,	 /* --x instead of running; on the command line alone */
	OPTION_KEY,	 /* no option, but a key of the file and the environment */
};

struct option_def {
	const char *name;	/* --name, "name = ", BLACKBULLD_NAME */
	const char *arg;	/* its value's name in --help; "a|b" names the values themselves */
	const char *help;	/* sentences without the default */
	const char *preset;	/* the default as text: applied, and shown in --help */
	const char *otherwise;	/* shown as the default where none is applied */
	option_apply_fn *apply; /* NULL: the loader itself looks at it */
	uint64_t min;		/* of the field, in its unit */
	uint64_t max;		/* 0: what the field holds */
	size_t offset;		/* of the field in struct config; for the general apply functions */
	size_t width;
	enum option_kind kind;
	enum option_group group;
	enum config_action action; /* of OPTION_ACTION */
	char letter;		   /* -x, or 0 */
	char separator; /* between values in the environment; 0: the option is not repeatable */
};

const struct option_def *option_table(size_t *count);

/* By name; "no-x" finds the switch "x" and sets *negated. NULL: there is none. */
const struct option_def *option_find(const char *name, bool *negated);
/* The name nearest to a word that is none of them, or NULL. `keys`: names of the file, else of the command line. */
const char *option_nearest(const char *word, bool keys);
/* Where its row is: for arrays beside the table, of OPTIONS_MAX. */
size_t option_index(const struct option_def *o);

static inline bool option_in_file(const struct option_def *o)
{
	return o->kind != OPTION_ACTION && o->apply;
}
static inline bool option_on_line(const struct option_def *o)
{
	return o->kind != OPTION_KEY;
}

const char *option_group_title(enum option_group g);

#endif
