/* Going to the background: the fork, and the process that waits for the daemon's first verdict. */
#include "daemon/master/detach.h"

#include "common/fd.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_WORDS_MS 10000 /* between the pipe's end and the process's */

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* --- the daemon's process ------------------------------------------------------------------ */

/* What was meant for the caller's process (sd_listen_fds(3), sd_watchdog_enabled(3)) is meant for us now. */
static void inherit_pid(const char *variable, pid_t caller)
{
	const char *text = getenv(variable);
	char own[16];
	uint64_t pid;

	if (!text || parse_uint(text, 1, INT32_MAX, &pid) < 0 || (pid_t)pid != caller)
		return;
	snprintf(own, sizeof(own), "%d", (int)getpid());
	(void)setenv(variable, own, 1);
}

/* 0 is empty, 1 and 2 are the pipe until there is a log file. Returns 0 or -errno. */
static int redirect(int report)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int rc = null < 0 ? -errno : 0;

	if (rc == 0 && (dup2(null, STDIN_FILENO) < 0 || dup2(report, STDOUT_FILENO) < 0 ||
			dup2(report, STDERR_FILENO) < 0))
		rc = -errno;
	if (null > STDERR_FILENO)
		fd_close(&null);
	return rc;
}

static void become_daemon(int report, pid_t caller)
{
	int rc = redirect(report);

	if (rc < 0) {
		fprintf(stderr, "blackbulld: --detach: %s\n", strerror(-rc));
		_exit(EXIT_FAILURE);
	}
	(void)setsid();
	inherit_pid("LISTEN_PID", caller);
	inherit_pid("WATCHDOG_PID", caller);
}

/* A pipe whose ends are no standard descriptors, even when the caller has closed those. */
static int make_pipe(int ends[2])
{
	int low[2], rc = 0;

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (ends[i] < 0)
			rc = -errno;
	}
	fd_close(&low[0]);
	fd_close(&low[1]);
	if (rc < 0) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
	}
	return rc;
}

pid_t detach_fork(int *report)
{
	sigset_t stop, before;
	pid_t caller = getpid(), pid;
	int ends[2];
	int rc = make_pipe(ends);

	if (rc < 0)
		return rc;
	/* A signal that comes now is the waiting process's, which passes it on. */
	stop_signals(&stop);
	sigprocmask(SIG_BLOCK, &stop, &before);
	pid = fork();
	rc = -errno;
	if (pid != 0)
		fd_close(&ends[1]);
	if (pid <= 0) {
		fd_close(&ends[0]);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	if (pid == 0)
		become_daemon(ends[1], caller);
	if (pid < 0)
		return rc;
	*report = pid == 0 ? ends[1] : ends[0];
	return pid;
}

/* --- the caller's process ------------------------------------------------------------------ */

/* The pipe has ended, so the process does. Returns the exit status, never 0. */
static int ended(pid_t daemon)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, daemon, 0), .events = POLLIN};
	int status;

	if (p.fd >= 0 && poll(&p, 1, LAST_WORDS_MS) == 0) {
		fprintf(stderr, "blackbulld: lost sight of the daemon (pid %d)\n", (int)daemon);
		return EXIT_FAILURE;
	}
	if (waitpid(daemon, &status, 0) != daemon)
		return EXIT_FAILURE;
	if (WIFSIGNALED(status))
		fprintf(stderr, "blackbulld: the daemon was killed by signal %d (%s)\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	else
		fprintf(stderr, "blackbulld: stopped before it served\n");
	return EXIT_FAILURE;
}

/* Shows what has come. Returns the number of bytes read, 0 at the end; *serves is set by the verdict. */
static ssize_t show(int report, bool *serves)
{
	char data[4096];
	ssize_t n = read(report, data, sizeof(data));
	const char *verdict = n > 0 ? memchr(data, DETACH_SERVING, (size_t)n) : NULL;
	size_t text = verdict ? (size_t)(verdict - data) : n > 0 ? (size_t)n : 0;

	*serves = verdict;
	/* A terminal that is gone takes nothing from the daemon. */
	if (text && fd_write_full(STDERR_FILENO, data, text) < 0)
		return n;
	return n < 0 && errno == EINTR ? 1 : n;
}

static void pass_on(int signals, pid_t daemon)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) == sizeof(info))
		(void)kill(daemon, SIGTERM);
}

int detach_wait(pid_t daemon, int report)
{
	sigset_t stop;

	stop_signals(&stop);

	struct pollfd p[] = {{.fd = report, .events = POLLIN},
			     {.fd = signalfd(-1, &stop, SFD_CLOEXEC), .events = POLLIN}};

	for (;;) {
		bool serves = false;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (p[1].revents & POLLIN)
			pass_on(p[1].fd, daemon);
		if (p[0].revents && show(report, &serves) <= 0)
			return ended(daemon);
		if (serves)
			return EXIT_SUCCESS;
	}
}
