/* blackbulld: which of the program's roles this process has, and the way from a command line to a master. */
#include "common/log.h"
#include "common/version.h"
#include "daemon/config/config.h"
#include "daemon/master/detach.h"
#include "daemon/master/run.h"
#include "daemon/worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The workers that are this same binary. The master alone starts them so: no option of ours. */
static const struct role {
	const char *argument;
	int (*main)(void);
} roles[] = {
	{"--role=site", worker_site_main},
	{"--role=error", worker_error_main},
};

static const struct role *find_role(const char *argument)
{
	for (size_t i = 0; argument && i < ARRAY_LEN(roles); i++)
		if (strcmp(argument, roles[i].argument) == 0)
			return &roles[i];
	return NULL;
}

static int complain(const struct config_error *e)
{
	fprintf(stderr, "blackbulld: %s\n", e->text);
	return e->status;
}

/* What was asked for is what was printed: a full disk or a closed pipe is a failure. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "blackbulld: standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int check(const struct config *c)
{
	struct config_error e;

	if (config_check(c, &e) < 0)
		return complain(&e);
	puts("configuration OK");
	return printed();
}

static int run(struct config *c, char *const argv[])
{
	struct config_error e;

	int report = -1;
	pid_t daemon = 0;

	if (config_check(c, &e) < 0)
		return complain(&e);
	if (c->detach)
		daemon = detach_fork(&report);
	if (daemon < 0) {
		fprintf(stderr, "blackbulld: --detach: %s\n", strerror(-daemon));
		return EXIT_FAILURE;
	}
	if (daemon > 0)
		return detach_wait(daemon, report);
	log_init("blackbulld", c->log_level, c->log_format);
	return master_main(c, argv, report);
}

static int act(enum config_action action, struct config *c, char *const argv[])
{
	switch (action) {
	case CONFIG_RUN:
		return run(c, argv);
	case CONFIG_CHECK:
		return check(c);
	case CONFIG_HELP:
		config_print_help(stdout);
		return printed();
	case CONFIG_VERSION:
		puts("blackbulld " BB_VERSION);
		return printed();
	}
	return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	const struct role *role = find_role(argc > 1 ? argv[1] : NULL);
	enum config_action action;
	struct config_error e;
	struct config c;
	int status;

	if (role)
		return role->main();
	if (master_resuming())
		return master_resume(argc, argv);
	if (config_load(&c, &action, argc, argv, &e) < 0)
		return complain(&e);
	status = act(action, &c, argv);
	config_finish(&c);
	return status;
}
