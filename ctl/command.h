/* The commands: one alphabetical table, from which usage, --help and completions come. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "common/admin_proto.h"
#include "ctl/args.h"
#include "ctl/ctl.h"

#include <stdint.h>
#include <stdio.h>

#define COMMAND_SHORT_MS 5000 /* for what a daemon answers at once */

/* a->words[0] is the command. */
typedef enum ctl_exit command_fn(struct ctl *c, const struct args *a);

struct command {
	const char *name;
	const char *synopsis; /* of its arguments: "[GENERATION]"; NULL: none */
	const char *summary;  /* lower case, without a full stop */
	const struct arg_option *options;
	size_t min_words, max_words; /* arguments behind the command */
	uint64_t timeout_ms;	     /* without -t; 0: takes as long as it takes */
	bool goes_on;		     /* the daemon does, when the command is interrupted */
	bool alone;		     /* asks no daemon */
	command_fn *run;
};

/* The options that are known before and behind every command. */
const struct arg_option *command_global_options(void);

const struct command *command_find(const char *name);
/* The name that was probably meant, or NULL. */
const char *command_nearest(const char *name);
/* The command's own options, NULL if it has none or is none. */
const struct arg_option *command_options(const char *name);

/* Of one command, or with NULL of all. */
void command_print_usage(FILE *out, const struct command *command);
void command_print_help(FILE *out, const struct command *command);

command_fn cmd_events, cmd_generations, cmd_instances, cmd_logs, cmd_paths, cmd_pause, cmd_reload,
	cmd_resume, cmd_status, cmd_stop, cmd_sync, cmd_wait, cmd_why, cmd_workers;

#endif
