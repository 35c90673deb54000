/* stop: the daemon, and waiting until it is gone. */
#include "common/fd.h"
#include "common/path.h"
#include "ctl/command.h"
#include "ctl/member.h"
#include "ctl/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether the process ended in time. One that cannot be seen (another pid namespace) counts as ended. */
static bool await_exit(const struct ctl *c, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int timeout_ms = -1, ret = 1;

	if (fd < 0)
		return true;
	/* The number is still the daemon's as long as it holds its lock. */
	if (!c->target.dir || path_instance_alive(c->target.dir) == 1) {
		if (mono_is_set(c->deadline)) {
			double left = mono_diff_ms(c->deadline, mono_now());

			timeout_ms = left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
		}
		ret = poll(&p, 1, timeout_ms);
	}
	fd_close(&fd);
	return ret > 0;
}

/* It may be gone before its answer was here: that is what was asked for. */
static bool is_gone(const struct ctl *c, const struct answer *a)
{
	return a->status == CTL_NOT_RUNNING && c->target.dir &&
	       path_instance_alive(c->target.dir) == 0 &&
	       json_object_get(c->target.info, "pid") != NULL;
}

static enum ctl_exit print(const struct ctl *c, json_int_t pid)
{
	if (c->json)
		output_json(json_pack("{s:I}", "pid", pid));
	else if (!c->quiet)
		printf("stopped (pid %" JSON_INTEGER_FORMAT ")\n", pid);
	return CTL_OK;
}

enum ctl_exit cmd_stop(struct ctl *c, const struct args *a)
{
	struct answer answer;
	enum ctl_exit status =
		ctl_ask(c, "stop", NULL, json_pack("{s:b}", "now", args_has(a, "now")), &answer);
	json_int_t pid = member_integer(answer.result, "pid");

	if (is_gone(c, &answer))
		status = print(c, member_integer(c->target.info, "pid"));
	else if (status != CTL_OK)
		ctl_report(c, &answer);
	else if (!await_exit(c, (pid_t)pid))
		status = output_error(
			c, CTL_TIMEOUT, "timeout",
			"pid %" JSON_INTEGER_FORMAT
			" is stopping, but still there; \"blackbullctl stop --now\" does not wait "
			"for its requests",
			pid);
	else
		status = print(c, pid);
	answer_finish(&answer);
	return status;
}
