/* fork and exec of a child that inherits nothing by accident. */
#include "daemon/master/spawn.h"

#include "common/fd.h"
#include "daemon/master/descriptor_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LISTEN_PID_MAX 32

/* Variables between us and whoever started us, or between two of our images: no child's business. */
static bool is_ours(const char *entry)
{
	static const char *const names[] = {
		"BLACKBULLD_STATE_FD=", DESCRIPTOR_LIMIT_ENV "=", "LISTEN_FDS=",
		"LISTEN_PID=",		"LISTEN_PIDFDID=",	  "LISTEN_FDNAMES=",
		"NOTIFY_SOCKET=",	"WATCHDOG_USEC=",	  "WATCHDOG_PID="};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_starts(entry, names[i]))
			return true;
	}
	return false;
}

/* The child's environment: an array of borrowed strings. `pid_entry` may be NULL. */
static char **make_environment(const struct strv *extra, char *pid_entry)
{
	size_t count = 0, n = 0;
	char **env;

	while (environ[count])
		count++;
	env = calloc(count + (extra ? extra->len : 0) + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!is_ours(environ[i]))
			env[n++] = environ[i];
	}
	for (size_t i = 0; extra && i < extra->len; i++)
		env[n++] = extra->v[i];
	if (pid_entry)
		env[n++] = pid_entry;
	return env;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void BB_NORETURN child_main(const struct spawn_request *r, char **env, char *pid_entry,
				   pid_t master)
{
	int err;

	reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != master)
		_exit(1);
	err = -fd_place(r->fds, r->nfds);
	if (err == 0) {
		descriptor_limit_restore();
		if (pid_entry)
			snprintf(pid_entry, LISTEN_PID_MAX, "LISTEN_PID=%d", (int)getpid());
		environ = env;
		/* execvp(3) would hand a file that is no program to the shell. */
		if (strchr(r->file, '/'))
			execv(r->file, r->argv);
		else
			execvp(r->file, r->argv);
		err = errno;
	}
	dprintf(STDERR_FILENO, "cannot run \"%s\": %s\n", r->file, strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

int spawn(const struct spawn_request *r, pid_t *pid)
{
	char pid_entry[LISTEN_PID_MAX] = "";
	char **env = make_environment(r->env, r->listen_pid ? pid_entry : NULL);
	pid_t self = getpid();
	sigset_t all, before;
	pid_t child;
	int err;

	if (!env)
		return -ENOMEM;
	if (r->nfds > SPAWN_FDS_MAX) {
		free(env);
		return -E2BIG;
	}
	/* A signal must not run our handlers in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = fork();
	err = errno;
	if (child == 0)
		child_main(r, env, r->listen_pid ? pid_entry : NULL, self);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(env);
	if (child < 0)
		return -err;
	*pid = child;
	return 0;
}
