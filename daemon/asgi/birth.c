/* The birth of a worker: a process that is the master's child, though the nursery forks it. */
#include "daemon/asgi/birth.h"

#include "common/buf.h"
#include "common/fd.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/ipc/worker_config.h"
#include "daemon/worker/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The one in the middle only forks and exits, so that the newborn is an orphan and the master, who is the subreaper,
 * becomes its parent. It borrows our memory (vfork): copying the page tables once more would take longer than all
 * the rest, and everything that fork(2) asks of libraries (pthread_atfork) happens in the second fork.
 */
static pid_t fork_twice(void)
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

pid_t birth_fork(int *orphaned)
{
	int ends[2];
	pid_t newborn;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	newborn = fork_twice();
	/* Here this tells the newborn that the one in the middle is no more. */
	fd_close(&ends[1]);
	if (newborn == 0)
		*orphaned = ends[0];
	else
		fd_close(&ends[0]);
	return newborn;
}

/* Returns when the one in the middle is gone, or the nursery is. */
static int wait_for_adoption(int orphaned, pid_t master)
{
	char nothing;

	while (read(orphaned, &nothing, 1) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return getppid() == master ? 0 : -ECHILD;
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

int birth_settle(int orphaned, pid_t master, const int *fds, size_t nfds)
{
	int err = wait_for_adoption(orphaned, master);

	/* Not before: the signal comes when any parent ends, and the first one just did. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		err = -errno;
	if (!err && getppid() != master)
		err = -ECHILD;
	if (!err)
		err = fd_place(fds, nfds);
	return err ? err : say_hello();
}
