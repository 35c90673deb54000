/* The command line, taken apart but not yet applied: its --config decides which file comes first. */
#ifndef DAEMON_CONFIG_CMDLINE_H
#define DAEMON_CONFIG_CMDLINE_H

#include "common/attr.h"
#include "daemon/config/config.h"

#include <stdbool.h>
#include <stddef.h>

struct option_def;

struct cmdline_option {
	const struct option_def *def;
	const char *value; /* NULL: none was given */
	bool negated;
};

/* Everything but the array points into argv. */
struct cmdline {
	enum config_action action;
	struct cmdline_option *options; /* in the order given */
	size_t count;
	const char *target;   /* or NULL */
	char *const *command; /* what follows "--", NULL-terminated; or NULL */
};

/*
 * Options and TARGET may come in any order; "--" ends them. argv is NULL-terminated and left as it is. Stops
 * at --help and --version. Returns 0, or -EINVAL or -ENOMEM and *e; cmdline_finish() is for 0 only.
 */
int cmdline_parse(struct cmdline *l, int argc, char *const argv[],
		  struct config_error *e) BB_NODISCARD;
void cmdline_finish(struct cmdline *l);

#endif
