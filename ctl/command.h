/* The commands: one alphabetical table, from which usage, --help and completions come. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "common/admin_proto.h"
#include "ctl/args.h"
#include "ctl/ctl.h"

#include <stdint.h>
#include <stdio.h>

#define COMMAND_SHORT_MS 5000 /* for what a daemon answers at once */

struct command {
	const char *name;
	const char *synopsis; /* of its arguments: "[GENERATION]"; NULL: none */
	const char *summary;  /* lower case, without a full stop */
	const struct arg_option *options;
	size_t min_words, max_words; /* arguments behind the command */
	uint64_t timeout_ms;	     /* without -t; 0: takes as long as it takes */
	bool goes_on;		     /* the daemon does, when the command is interrupted */
	bool alone;		     /* asks no daemon */
	/* a->words[0] is the command itself. */
	enum ctl_exit (*run)(struct ctl *c, const struct args *a);
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

enum ctl_exit cmd_events(struct ctl *c, const struct args *a);
enum ctl_exit cmd_generations(struct ctl *c, const struct args *a);
enum ctl_exit cmd_instances(struct ctl *c, const struct args *a);
enum ctl_exit cmd_logs(struct ctl *c, const struct args *a);
enum ctl_exit cmd_paths(struct ctl *c, const struct args *a);
enum ctl_exit cmd_pause(struct ctl *c, const struct args *a);
enum ctl_exit cmd_reload(struct ctl *c, const struct args *a);
enum ctl_exit cmd_resume(struct ctl *c, const struct args *a);
enum ctl_exit cmd_status(struct ctl *c, const struct args *a);
enum ctl_exit cmd_stop(struct ctl *c, const struct args *a);
enum ctl_exit cmd_sync(struct ctl *c, const struct args *a);
enum ctl_exit cmd_wait(struct ctl *c, const struct args *a);
enum ctl_exit cmd_why(struct ctl *c, const struct args *a);
enum ctl_exit cmd_workers(struct ctl *c, const struct args *a);

#endif
