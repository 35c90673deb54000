/* blackbullctl: asks a running blackbulld, and tells it what to do. */
#include "common/parse.h"
#include "common/version.h"
#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void interrupted_cb(int signal BB_UNUSED)
{
	_exit(CTL_INTERRUPTED);
}

static void interrupted_waiting_cb(int signal BB_UNUSED)
{
	static const char note[] = "blackbullctl: interrupted; what was asked for goes on\n";

	if (write(STDERR_FILENO, note, sizeof(note) - 1) < 0)
		_exit(CTL_INTERRUPTED);
	_exit(CTL_INTERRUPTED);
}

/* Ctrl-C, unless whoever started us wants it ignored. */
static void handle_interrupt(const struct command *command)
{
	struct sigaction action = {
		.sa_handler = command->goes_on ? interrupted_waiting_cb : interrupted_cb,
	};
	struct sigaction before;

	if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
}

static bool wants_color(const char *when)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb") != 0;
}

static enum ctl_exit usage_error(const struct ctl *c, const struct command *command,
				 const char *message)
{
	output_error(c, CTL_USAGE, "usage", "%s", message);
	if (!c->json)
		command_print_usage(stderr, command);
	return CTL_USAGE;
}

static enum ctl_exit apply_options(struct ctl *c, const struct args *a)
{
	const char *color = args_value(a, "color", "auto");
	const char *timeout = args_value(a, "timeout", NULL);
	const char *socket = getenv("BLACKBULLD_SOCKET");

	c->socket = args_value(a, "socket", socket && *socket ? socket : NULL);
	c->quiet = args_has(a, "quiet");
	c->color = wants_color(color);
	c->has_timeout = timeout != NULL;
	if (strcmp(color, "auto") != 0 && strcmp(color, "always") != 0 &&
	    strcmp(color, "never") != 0)
		return output_error(c, CTL_USAGE, "usage",
				    "--color \"%s\": it is auto, always or never", color);
	if (timeout && parse_seconds(timeout, &c->timeout_ms))
		return output_error(c, CTL_USAGE, "usage",
				    "--timeout \"%s\": seconds, like 5, 0.5 or 500ms", timeout);
	return CTL_OK;
}

static enum ctl_exit check_words(const struct ctl *c, const struct command *command,
				 const struct args *a)
{
	size_t n = a->n_words - 1;

	if (n < command->min_words)
		return usage_error(c, command, "an argument is missing");
	if (n > command->max_words)
		return usage_error(c, command, "too many arguments");
	return CTL_OK;
}

static enum ctl_exit run(struct ctl *c, const struct command *command, const struct args *a)
{
	enum ctl_exit status = check_words(c, command, a);

	if (status == CTL_OK)
		status = apply_options(c, a);
	if (status == CTL_OK && !command->alone)
		status = ctl_find(c);
	if (status != CTL_OK)
		return status;
	handle_interrupt(command);
	ctl_start_clock(c, command->timeout_ms);
	return command->run(c, a);
}

static enum ctl_exit unknown_command(const struct ctl *c, const char *name)
{
	const char *near = command_nearest(name);

	if (near)
		return output_error(c, CTL_USAGE, "usage",
				    "unknown command \"%s\"; did you mean \"%s\"?", name, near);
	return output_error(c, CTL_USAGE, "usage",
			    "unknown command \"%s\"; \"blackbullctl --help\" lists them", name);
}

/* `mistake` is NULL when the options are right. */
static enum ctl_exit dispatch(struct ctl *c, const struct args *a, const char *mistake)
{
	const char *name = a->n_words > 0 ? a->words[0] : NULL;
	const struct command *command = name ? command_find(name) : NULL;

	c->json = args_has(a, "json");
	if (args_has(a, "help") && (command || !name)) {
		command_print_help(stdout, command);
		return CTL_OK;
	}
	if (args_has(a, "version")) {
		puts("blackbullctl " BB_VERSION);
		return CTL_OK;
	}
	if (name && !command)
		return unknown_command(c, name);
	if (mistake)
		return usage_error(c, command, mistake);
	if (!command)
		return usage_error(c, NULL, "a command is missing");
	return run(c, command, a);
}

int main(int argc BB_UNUSED, char *argv[])
{
	struct ctl c;
	struct args a;
	char mistake[256];

	ctl_init(&c);

	int err = args_parse(&a, argv + 1, command_global_options(), command_options, mistake,
			     sizeof(mistake));
	enum ctl_exit status = err == -ENOMEM
				       ? output_error(&c, CTL_FAILED, "failed", "out of memory")
				       : dispatch(&c, &a, err ? mistake : NULL);

	args_finish(&a);
	ctl_finish(&c);
	if (fflush(stdout) != 0 || ferror(stdout))
		return output_error(&c, CTL_FAILED, "failed", "standard output: %s",
				    strerror(errno));
	return (int)status;
}
