/* What comes before the new image: the build command, the trial of a new program, the exec. */
#include "daemon/master/handover.h"

#include "daemon/master/course.h"
#include "daemon/master/logbook.h"
#include "daemon/master/master.h"
#include "daemon/master/master_state.h"
#include "daemon/master/reexec.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/task.h"
#include "daemon/master/worker_failure.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define TAIL_LINES  40
#define TRIAL_LIMIT 5. /* s: what a program may take to check its configuration */

static void fail_text(struct master *m, struct generation *g, const char *stage,
		      const char *message)
{
	struct worker_error e = {.stage = (char *)stage, .message = (char *)message};

	course_fail(m, g, &e);
}

static void exec_now(struct master *m, struct generation *g)
{
	char message[512];
	int rc;

	if (m->config->handover == HANDOVER_FRESH)
		supervisor_pause(m->supervisor, g->number);
	rc = master_state_exec(m);
	/* Still here: nothing was given up. */
	snprintf(message, sizeof(message), "cannot execute %s: %s", m->exec_path, strerror(-rc));
	fail_text(m, g, "handover", message);
}

/* A command of the generation ended badly: what it wrote is the detail. */
static void fail_by_task(struct master *m, struct generation *g, const char *stage,
			 const char *what, int status)
{
	char how[96], message[512];
	char *tail = logbook_tail(m->logbook, g->number, TAIL_LINES);
	struct worker_error e = {.stage = (char *)stage, .message = message, .detail = tail};

	snprintf(message, sizeof(message), "%s (%s)", what,
		 worker_failure_describe(status, how, sizeof(how)));
	course_fail(m, g, &e);
	free(tail);
}

static bool succeeded(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The task of generation `number` has ended; NULL when nobody waits for it any more. */
static struct generation *end_task(struct master *m, uint64_t number)
{
	task_destroy(m->task);
	m->task = NULL;
	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
	return master_find(m, number);
}

static void trial_done(void *owner, uint64_t number, int status)
{
	struct master *m = owner;
	bool late = task_is_over_time(m->task);
	struct generation *g = end_task(m, number);
	char what[400];

	snprintf(what, sizeof(what), "the new program %.300s %s", m->exec_path,
		 late ? "did not answer in time" : "does not run");
	if (g && succeeded(status))
		exec_now(m, g);
	else if (g)
		fail_by_task(m, g, "handover", what, status);
}

/* Lets our program check the command line that it was started with. Returns 0 or -errno. */
static int start_trial(struct master *m, const struct generation *g)
{
	size_t argc = 0;
	char **argv;
	int rc;

	while (m->argv[argc])
		argc++;
	argv = calloc(argc + 2, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = m->exec_path;
	argv[1] = (char *)"--check";
	for (size_t i = 1; i < argc; i++)
		argv[i + 1] = m->argv[i];
	rc = task_start(&m->task, m->loop, m->output, argv, g->number, trial_done, m);
	free(argv);
	if (rc == 0)
		task_limit(m->task, TRIAL_LIMIT);
	return rc;
}

/*
 * A program that is not the one that we are gets a trial first: one that cannot load its libraries would not return from
 * execve, and one that does not know our options would not go on.
 */
static void hand_over(struct master *m, struct generation *g)
{
	course_enter(m, g, GEN_EV_HAND_OVER);
	if (!reexec_is_new(m->exec_path) || start_trial(m, g) < 0)
		exec_now(m, g);
}

static void build_done(void *owner, uint64_t number, int status)
{
	struct master *m = owner;
	struct generation *g = end_task(m, number);

	if (g && succeeded(status))
		hand_over(m, g);
	else if (g)
		fail_by_task(m, g, "build", "the build command failed", status);
}

static void build(struct master *m, struct generation *g)
{
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", m->config->build, NULL};
	int rc;

	course_enter(m, g, GEN_EV_BUILD);
	rc = task_start(&m->task, m->loop, m->output, argv, g->number, build_done, m);
	if (rc < 0)
		fail_text(m, g, "build", strerror(-rc));
}

void handover_begin(struct master *m, struct generation *g)
{
	if (m->config->build)
		build(m, g);
	else
		hand_over(m, g);
}
