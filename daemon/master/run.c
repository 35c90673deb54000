/* The master process: its modules in order, its signals, its end. */
#include "daemon/master/run.h"

#include "common/log.h"
#include "daemon/master/admin.h"
#include "daemon/master/admin_cmd.h"
#include "daemon/master/background.h"
#include "daemon/master/boot.h"
#include "daemon/master/course.h"
#include "daemon/master/descriptor_limit.h"
#include "daemon/master/events.h"
#include "daemon/master/history.h"
#include "daemon/master/instance.h"
#include "daemon/master/listener.h"
#include "daemon/master/logbook.h"
#include "daemon/master/master.h"
#include "daemon/master/master_state.h"
#include "daemon/master/nursery.h"
#include "daemon/master/orphans.h"
#include "daemon/master/output.h"
#include "daemon/master/reexec.h"
#include "daemon/master/salvage.h"
#include "daemon/master/service_notify.h"
#include "daemon/master/signals.h"
#include "daemon/master/supervisor.h"
#include "daemon/master/task.h"
#include "daemon/master/waiters.h"
#include "daemon/master/watcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- signals ------------------------------------------------------------------------------- */

static void stop_signal(void *owner)
{
	struct master *m = owner;

	master_stop(m, m->stopping);
}

static void reload_signal(void *owner)
{
	(void)master_reload(owner, GEN_SIGNAL, NULL, mono_now(), NULL);
}

static void reopen_signal(void *owner)
{
	struct master *m = owner;
	int rc = m->admin ? admin_recreate(m->admin) : 0;

	if (rc < 0)
		log_warn_errno(rc, "admin socket: cannot be made anew");
	else
		log_info("admin socket: made anew where it was missing");
	rc = background_reopen_log(m->background);
	if (rc < 0)
		log_warn_errno(rc,
			       "log \"%s\": cannot be opened anew; going on with the one before",
			       background_log_path(m->background));
}

/* Takes every exit that there is to know of: one SIGCHLD may stand for many, or for one before execve. */
static void reap(void *owner)
{
	struct master *m = owner;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!task_exited(m->task, pid, status) && !nursery_exited(m->nursery, pid, status))
			(void)supervisor_exited(m->supervisor, pid, status);
	}
}

static const struct signals_ops signals_ops = {.stop = stop_signal,
					       .reload = reload_signal,
					       .reopen = reopen_signal,
					       .child_exited = reap};

/* --- callbacks between modules ------------------------------------------------------------- */

static void publish(void *owner)
{
	struct master *m = owner;

	if (m->admin)
		admin_publish(m->admin);
}

static void written(void *owner, const char *data, size_t len)
{
	const struct master *m = owner;

	background_written(m->background, data, len);
}

static void lines_added(void *owner)
{
	admin_cmd_log_added(owner);
}

static void advance_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	course_advance(container_of(w, struct master, advance));
}

/* --- beginning and end --------------------------------------------------------------------- */

/* What every image has, before it knows whether it is the first. */
static int init_modules(struct master *m)
{
	int rc;

	ev_init(&m->advance, advance_cb);
	m->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (!m->loop)
		return -ENOMEM;
	m->logbook = logbook_create();
	m->events = events_create(m->boot_id);
	m->waiters = waiters_create();
	m->output = m->logbook ? output_create(m->loop, m->logbook, STDOUT_FILENO, STDERR_FILENO)
			       : NULL;
	m->signals = signals_create(m->loop, &signals_ops, m);
	if (!m->logbook || !m->events || !m->waiters || !m->output || !m->signals)
		return -ENOMEM;
	m->service = service_notify_create(m->loop);
	output_set_interactive(m->output, m->config->workers == 1);
	output_on_lines(m->output, lines_added, m);
	output_on_written(m->output, written, m);
	log_set_sink(output_log, m->output, isatty(STDERR_FILENO));
	events_set_publish(m->events, publish, m);
	rc = nursery_create(&m->nursery, m->loop, m->output);
	if (rc == 0)
		rc = supervisor_create(&m->supervisor, m->loop, m->output, m->logbook,
				       course_supervisor_ops(), m);
	if (rc == 0)
		supervisor_set_nursery(m->supervisor, m->nursery);
	return rc;
}

/* Ends in the reverse order; works on a master that is half made. */
static void finish_modules(struct master *m)
{
	task_destroy(m->task);
	watcher_destroy(m->watcher);
	orphans_destroy(m->orphans);
	supervisor_destroy(m->supervisor);
	nursery_destroy(m->nursery);
	if (m->admin)
		admin_flush(m->admin);
	admin_destroy(m->admin);
	listeners_close(m->listeners);
	history_close(m->history);
	instance_close(m->instance);
	list_for_each(g, &m->generations, struct generation, link)
		generation_destroy(g);
	generation_destroy(m->last_failed);
	service_notify_destroy(m->service);
	signals_destroy(m->signals);
	log_set_sink(NULL, NULL, isatty(STDERR_FILENO));
	output_destroy(m->output);
	background_destroy(m->background);
	waiters_destroy(m->waiters);
	events_destroy(m->events);
	logbook_destroy(m->logbook);
	if (m->loop)
		ev_loop_destroy(m->loop);
	strv_finish(&m->config_roots);
	free(m->exec_path);
}

static int find_program(struct master *m, const char *argv0)
{
	m->exec_path = reexec_resolve(argv0);
	if (m->exec_path)
		return 0;
	log_error_errno(errno, "cannot find our own program \"%s\"", argv0);
	return -ENOENT;
}

/* Runs what has begun. Returns the exit status. */
static int run_to_the_end(struct master *m, int rc)
{
	if (rc == 0) {
		reap(m); /* who ended while nobody could hear of it */
		ev_run(m->loop, 0);
		rc = m->exit_status;
	} else {
		rc = 1;
	}
	finish_modules(m);
	return rc;
}

int master_main(struct config *c, char *const argv[], int report)
{
	struct master m = {.config = c, .argv = argv};
	struct salvage none = {0};
	int rc = find_program(&m, argv[0]);

	list_init(&m.generations);
	descriptor_limit_raise(true);
	if (report >= 0 && !(m.background = background_create(report)))
		rc = -ENOMEM;
	/* Grandchildren that lose their parent become ours, so that nothing is left behind. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (rc == 0)
		rc = init_modules(&m);
	if (rc == 0)
		rc = boot_first(&m, &none);
	return run_to_the_end(&m, rc);
}

bool master_resuming(void)
{
	return reexec_resuming();
}

/* The configuration as it is now; where it cannot be used, as it was. *error says what is wrong. */
static int load_config(struct config *c, int argc, char *const argv[], const struct buf *state,
		       bool *readable, struct config_error *error)
{
	struct config_kept kept = {0};
	enum config_action action;
	int rc;

	error->text[0] = '\0';
	*readable = master_state_kept(state, &kept) == 0;
	/* The path is what counts: another folder may have taken its name. One that is gone may come back. */
	if (kept.directory && chdir(kept.directory) < 0)
		log_warn_errno(errno, "directory \"%s\"", kept.directory);
	rc = *readable ? config_load_again(c, argc, argv, &kept, error)
		       : config_load(c, &action, argc, argv, error);
	config_kept_finish(&kept);
	return rc;
}

int master_resume(int argc, char *const argv[])
{
	struct config c;
	struct config_error error;
	struct master m = {.config = &c, .argv = argv};
	struct salvage s = {0};
	struct buf state;
	bool readable;
	int rc;

	buf_init(&state, SIZE_MAX);
	if (reexec_take_state(&state) < 0)
		buf_consume(&state, buf_len(&state));
	rc = load_config(&c, argc, argv, &state, &readable, &error);
	if (rc < 0) {
		fprintf(stderr, "blackbulld: %s\n", error.text);
		return error.status;
	}
	log_init("blackbulld", c.log_level, c.log_format);
	list_init(&m.generations);
	descriptor_limit_raise(false);
	/* What we are is in the state: the folder that argv[0] may be relative to can be gone by now. */
	rc = readable ? 0 : find_program(&m, argv[0]);
	if (!readable)
		boot_salvage(&m, &s);
	if (rc == 0)
		rc = init_modules(&m);
	if (rc == 0)
		rc = readable ? boot_again(&m, &state, &error) : boot_first(&m, &s);
	salvage_finish(&s);
	buf_finish(&state);
	rc = run_to_the_end(&m, rc);
	config_finish(&c);
	return rc;
}

/* What is under way will not come. */
static void fail_unsettled(struct master *m)
{
	struct worker_error e = {.stage = (char *)"stop", .message = (char *)"the daemon stops"};

	list_for_each(g, &m->generations, struct generation, link) {
		if (!gen_is_settled(g->state))
			course_fail(m, g, &e);
		else if (g->state == GEN_SERVING)
			course_enter(m, g, GEN_EV_REPLACED);
	}
}

void master_stop(struct master *m, bool now)
{
	if (!m->stopping) {
		m->stopping = true;
		log_info("stopping%s", now ? " at once" : ": requests in flight finish first");
		events_emit(m->events, "daemon", json_pack("{s:s}", "event", "stopping"));
		service_notify_stopping(m->service);
		task_destroy(m->task);
		m->task = NULL;
		watcher_destroy(m->watcher);
		m->watcher = NULL;
		nursery_stop(m->nursery);
		fail_unsettled(m);
		waiters_stop(m);
	}
	if (now) {
		list_for_each(g, &m->generations, struct generation, link)
			supervisor_kill(m->supervisor, g->number);
	}
	supervisor_drain(m->supervisor, UINT64_MAX, m->config->drain_timeout_ms);
	if (supervisor_empty(m->supervisor))
		ev_break(m->loop, EVBREAK_ALL);
}
