/* The commands: one alphabetical table, from which usage, --help and completions come. */
#include "ctl/command.h"

#include "common/str.h"

#include <string.h>

#define MANY	   SIZE_MAX
#define HELP_WIDTH 80

static const struct arg_option global_options[] = {
	{'s', "socket", "SOCKET",
	 "the daemon's admin socket\n(else $BLACKBULLD_SOCKET, else found)"},
	{'t', "timeout", "SECONDS", "give up after so long; 0: never"},
	{'j', "json", NULL, "print JSON"},
	{'q', "quiet", NULL, "print nothing but failures"},
	{0, "color", "WHEN", "auto, always or never"},
	{'h', "help", NULL, "print this help, or that of the command"},
	{'V', "version", NULL, "print the version"},
	{0},
};

static const struct arg_option events_options[] = {
	{0, "since", "SEQ", "begin behind this event, as far as it is kept"},
	{0, "no-follow", NULL, "end with what has happened so far"},
	{0},
};

static const struct arg_option logs_options[] = {
	{'f', "follow", NULL, "go on with what is written from now on"},
	{0, "generation", "N", "of this generation only"},
	{'n', "lines", "LINES", "begin with so many of the last lines (100)"},
	{0},
};

static const struct arg_option reload_options[] = {
	{0, "wait", "WHEN",
	 "ready: until it serves (default)\n"
	 "accepted: until it has a number\n"
	 "drained: until the old one has finished, too"},
	{0, "no-wait", NULL, "the same as --wait accepted"},
	{0, "if-generation", "N", "only if N is what serves now, else exit 5"},
	{0, "id", "ID", "the request's name: repeated, it reloads once"},
	{0},
};

static const struct arg_option status_options[] = {
	{0, "watch", NULL, "keep it up to date"},
	{0},
};

static const struct arg_option stop_options[] = {
	{0, "now", NULL, "do not wait for requests to be finished"},
	{0},
};

static const struct arg_option wait_options[] = {
	{0, "idle", NULL, "until nothing is under way, draining included"},
	{0},
};

/* Alphabetical. */
static const struct command commands[] = {
	{.name = "events",
	 .synopsis = "[--since SEQ] [--no-follow]",
	 .summary = "follow what happens",
	 .options = events_options,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_events},
	{.name = "generations",
	 .synopsis = "[N]",
	 .summary = "list the generations, or show one in full",
	 .max_words = 1,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_generations},
	{.name = "instances",
	 .summary = "list the daemons of this user",
	 .timeout_ms = COMMAND_SHORT_MS,
	 .alone = true,
	 .run = cmd_instances},
	{.name = "logs",
	 .synopsis = "[-f] [--generation N] [-n LINES]",
	 .summary = "show what workers wrote",
	 .options = logs_options,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_logs},
	{.name = "paths",
	 .synopsis = "[add PATH... | remove PATH...]",
	 .summary = "list or change what is watched; changes last across reloads",
	 .max_words = MANY,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_paths},
	{.name = "pause",
	 .summary = "stop reacting to changes",
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_pause},
	{.name = "reload",
	 .synopsis = "[--wait WHEN] [--no-wait] [--if-generation N] [--id ID]",
	 .summary = "make a new generation and print its verdict",
	 .options = reload_options,
	 .goes_on = true,
	 .run = cmd_reload},
	{.name = "resume",
	 .summary = "react to changes again; what changed meanwhile reloads",
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_resume},
	{.name = "status",
	 .synopsis = "[--watch]",
	 .summary = "show who serves, what is watched, what failed last",
	 .options = status_options,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_status},
	{.name = "stop",
	 .synopsis = "[--now]",
	 .summary = "stop the daemon and wait until it is gone",
	 .options = stop_options,
	 .goes_on = true,
	 .run = cmd_stop},
	{.name = "sync",
	 .summary = "wait until every write made before is served, or failed",
	 .goes_on = true,
	 .run = cmd_sync},
	{.name = "wait",
	 .synopsis = "[GENERATION] [--idle]",
	 .summary = "wait until a generation serves or failed",
	 .options = wait_options,
	 .max_words = 1,
	 .goes_on = true,
	 .run = cmd_wait},
	{.name = "why",
	 .synopsis = "FILE",
	 .summary = "say whether a change of FILE reloads, and by which rule",
	 .min_words = 1,
	 .max_words = 1,
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_why},
	{.name = "workers",
	 .summary = "list the workers",
	 .timeout_ms = COMMAND_SHORT_MS,
	 .run = cmd_workers},
};

const struct arg_option *command_global_options(void)
{
	return global_options;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *names[ARRAY_LEN(commands)];

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i].name;
	return str_nearest(name, names, ARRAY_LEN(names));
}

const struct arg_option *command_options(const char *name)
{
	const struct command *command = command_find(name);

	return command ? command->options : NULL;
}

/* "  -t, --timeout SECONDS    give up …"; further lines of the help stand under its first. */
static void print_option(FILE *out, const struct arg_option *o)
{
	char left[40];
	int n = o->letter ? snprintf(left, sizeof(left), "-%c, ", o->letter)
			  : snprintf(left, sizeof(left), "    ");

	snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	for (const char *line = o->help; line;) {
		const char *end = strchr(line, '\n');
		int len = end ? (int)(end - line) : (int)strlen(line);

		fprintf(out, "  %-24s %.*s\n", line == o->help ? left : "", len, line);
		line = end ? end + 1 : NULL;
	}
}

static void print_options(FILE *out, const char *title, const struct arg_option *options)
{
	if (!options)
		return;
	fprintf(out, "\n%s:\n", title);
	for (const struct arg_option *o = options; o->name; o++)
		print_option(out, o);
}

static void print_exit_statuses(FILE *out)
{
	fputs("\nexit status:\n"
	      "  0 done; 1 refused, or the generation failed; 2 usage; 3 not running;\n"
	      "  4 not permitted; 5 conflict or superseded; 6 versions do not match;\n"
	      "  124 timed out (what was asked for goes on); 130 interrupted\n",
	      out);
}

/* Parts in brackets are kept together; further lines begin under the first part. */
static void print_synopsis(FILE *out, const char *synopsis, int indent)
{
	int column = indent;

	while (*synopsis) {
		const char *next = strstr(synopsis, " [");
		int len = next ? (int)(next - synopsis) : (int)strlen(synopsis);

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		fprintf(out, " %.*s", len, synopsis);
		column += 1 + len;
		synopsis += next ? len + 1 : len;
	}
}

void command_print_usage(FILE *out, const struct command *command)
{
	int column = fprintf(out, "usage: blackbullctl [OPTION...] %s",
			     command ? command->name : "COMMAND");

	if (!command)
		fputs(" [ARGUMENT...]", out);
	else if (command->synopsis)
		print_synopsis(out, command->synopsis, column);
	fputc('\n', out);
}

void command_print_help(FILE *out, const struct command *command)
{
	command_print_usage(out, command);
	if (command) {
		fprintf(out, "\n%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
		print_options(out, "options", command->options);
	} else {
		fputs("\nAsks a running blackbulld, and tells it what to do.\n\ncommands:\n", out);
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
	}
	print_options(out, command ? "options of every command" : "options", global_options);
	print_exit_statuses(out);
}
