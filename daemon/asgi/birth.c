/* The birth of a worker: a process that is the master's child, though the nursery forks it. */
#include "daemon/asgi/birth.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/ipc/worker_config.h"
#include "daemon/worker/startup.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ADOPTION_LIMIT_MS 1000
#define ADOPTION_LOOK_NS  20000

/*
 * The one in the middle only forks and exits, so that the newborn is an orphan and the master, who is the subreaper,
 * becomes its parent. It borrows our memory (vfork): copying the page tables once more would take longer than all
 * the rest, and everything that fork(2) asks of libraries (pthread_atfork) happens in the second fork.
 */
pid_t birth_fork(void)
{
	volatile pid_t newborn = -1;
	volatile int error = 0;
	pid_t middle = vfork();

	if (middle < 0)
		return -errno;
	if (middle == 0) {
		newborn = fork();
		if (newborn == 0)
			return 0;
		error = newborn < 0 ? errno : 0;
		_exit(0);
	}
	while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		;
	return error ? -error : newborn;
}

/* The one in the middle may take a moment to be gone. */
static int wait_for_adoption(pid_t master)
{
	const struct timespec moment = {.tv_nsec = ADOPTION_LOOK_NS};
	struct mono begin = mono_now();

	while (getppid() != master) {
		if (mono_diff_ms(mono_now(), begin) > ADOPTION_LIMIT_MS)
			return -ECHILD;
		nanosleep(&moment, NULL);
	}
	return 0;
}

static int say_hello(void)
{
	struct buf body;
	int err;

	buf_init(&body, CHANNEL_MESSAGE_MAX);
	err = nursery_number_encode((uint32_t)getpid(), &body);
	if (!err)
		err = startup_send(WORKER_CHANNEL_FD, CHANNEL_HELLO, buf_data(&body),
				   buf_len(&body));
	buf_finish(&body);
	return err;
}

int birth_settle(pid_t master, const int *fds, size_t nfds)
{
	int err = wait_for_adoption(master);

	/* Not before: the signal comes when any parent ends, and the first one just did. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		err = -errno;
	if (!err && getppid() != master)
		err = -ECHILD;
	if (!err)
		err = fd_place(fds, nfds);
	return err ? err : say_hello();
}
