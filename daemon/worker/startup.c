/* The steps of a worker's birth, before there is a loop. */
#include "daemon/worker/startup.h"

#include "common/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENERS_MAX	1024
#define SEND_TIMEOUT_MS 1000

int startup_signals(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (sigaction(SIGINT, &ignore, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0)
		return -errno;
	return 0;
}

/* Waits for events on sock. Returns 0, -ETIMEDOUT or -errno; timeout_ms < 0 is for ever. */
static int wait_for(int sock, short events, int timeout_ms)
{
	struct pollfd p = {.fd = sock, .events = events};
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

/* Receives one message, whatever it is. The process ends with its master. */
static int receive(int sock, void *buf, size_t size, struct channel_message *m)
{
	int got;

	while ((got = channel_recv(sock, buf, size, m)) == -EAGAIN) {
		int err = wait_for(sock, POLLIN, -1);

		if (err)
			return err;
	}
	if (got == 0)
		_exit(1);
	return got < 0 ? got : 0;
}

static int prepare_descriptor(int fd)
{
	int err = fd_set_cloexec(fd, true);

	return err ? err : fd_set_nonblock(fd, true);
}

int startup_receive_config(int sock, void *buf, size_t size, struct worker_config *c)
{
	struct channel_message m = {.fd = -1};
	int err = prepare_descriptor(sock);

	while (!err) {
		err = receive(sock, buf, size, &m);
		if (err)
			break;
		fd_close(&m.fd);
		if (m.type == CHANNEL_CONFIG)
			return worker_config_decode(m.body, m.len, c);
		if (m.type == CHANNEL_STOP)
			return -ECANCELED;
	}
	return err;
}

static int prepare_listener(int fd)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return -errno;
	return listening ? prepare_descriptor(fd) : -EINVAL;
}

int startup_listeners(const struct worker_config *c, int **fds)
{
	int *got;

	if (c->listeners > LISTENERS_MAX)
		return -EBADMSG;
	got = calloc(c->listeners + 1, sizeof(*got));
	if (!got)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->listeners; i++) {
		int err;

		got[i] = WORKER_FIRST_LISTENER_FD + (int)i;
		err = prepare_listener(got[i]);
		if (err) {
			free(got);
			return err;
		}
	}
	*fds = got;
	return 0;
}

void startup_close_listeners(const struct worker_config *c, const int *fds)
{
	for (uint32_t i = 0; fds && i < c->listeners; i++) {
		int fd = fds[i];

		fd_close(&fd);
	}
}

void startup_log(const struct worker_config *c, enum log_format *format)
{
	enum log_level level = LOG_LEVEL_INFO;

	/* What a newer master calls a level or a format is no reason not to serve. */
	*format = LOG_FORMAT_TEXT;
	if (c->log_level)
		(void)log_level_parse(c->log_level, &level);
	if (c->log_format)
		(void)log_format_parse(c->log_format, format);
	log_init("worker", level, *format);
}

int startup_send(int sock, enum channel_type type, const void *body, size_t len)
{
	int err;

	while ((err = channel_send(sock, type, body, len, -1)) == -EAGAIN) {
		err = wait_for(sock, POLLOUT, SEND_TIMEOUT_MS);
		if (err)
			return err;
	}
	return err;
}
