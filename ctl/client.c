/* The connection to a daemon, on libnng. */
#include "ctl/client.h"

#include "common/admin_proto.h"
#include "common/fd.h"
#include "common/path.h"
#include "common/str.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_MS	     50	  /* without a connection for so long: ask the socket itself why */
#define PATIENCE_MS  3000 /* alive, but nobody at its socket */
#define RESETS_MAX   10
#define REPLY_MAX    ((size_t)16 * 1024 * 1024)
#define EVENTS_QUEUE 8192

struct client {
	nng_socket req;
	struct client_place at;
};

struct subscription {
	nng_socket sub;
	struct client_place at;
	int readable;		    /* nng's: there is a message */
	int wake;		    /* eventfd: one of the two below has changed */
	_Atomic bool connected;	    /* written by nng's threads */
	_Atomic bool was_connected; /* the connection broke since this was last cleared */
};

static int error_from_nng(int rv)
{
	switch (rv) {
	case 0:
		return 0;
	case NNG_ETIMEDOUT:
	case NNG_EAGAIN:
		return -ETIMEDOUT;
	case NNG_EADDRINVAL:
		return -ENAMETOOLONG;
	case NNG_EMSGSIZE:
		return -EMSGSIZE;
	case NNG_ENOMEM:
		return -ENOMEM;
	case NNG_ECONNRESET:
	case NNG_ECONNSHUT:
	case NNG_ECONNABORTED:
	case NNG_ECANCELED:
	case NNG_ECLOSED:
		return -ECONNRESET;
	default:
		return -EIO;
	}
}

/*
 * The first call starts nng's threads. They must never be given a signal: it would be lost to the
 * main thread, and Ctrl-C with it.
 */
static int open_quietly(nng_socket *sock, int (*open_socket)(nng_socket *))
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	int err = error_from_nng(open_socket(sock));

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* Does not wait: the state of the daemon is found out by sending. */
static int dial(nng_socket sock, const char *path)
{
	char url[PATH_MAX + 8];

	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return -ENAMETOOLONG;
	snprintf(url, sizeof(url), "ipc://%s", path);

	int rv = nng_socket_set_ms(sock, NNG_OPT_RECONNMINT, 10);

	if (rv == 0)
		rv = nng_socket_set_ms(sock, NNG_OPT_RECONNMAXT, 100);
	if (rv == 0)
		rv = nng_socket_set_size(sock, NNG_OPT_RECVMAXSZ, REPLY_MAX);
	if (rv == 0)
		rv = nng_dial(sock, url, NULL, NNG_FLAG_NONBLOCK);
	return error_from_nng(rv);
}

int client_open(struct client **c, const struct client_place *at)
{
	struct client *new = calloc(1, sizeof(*new));
	int err = new ? open_quietly(&new->req, nng_req0_open) : -ENOMEM;

	if (err) {
		free(new);
		return err;
	}
	new->at = *at;
	/* nng would send again by itself, for ever: a reload by each new image that it starts. */
	err = error_from_nng(
		nng_socket_set_ms(new->req, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE));
	if (!err)
		err = dial(new->req, at->socket);
	if (err) {
		client_close(new);
		return err;
	}
	*c = new;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	nng_close(c->req);
	free(c);
}

/* What connect(2) says, which nng does not tell. */
static int try_connect(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;

	int err = str_copy(addr.sun_path, sizeof(addr.sun_path), path);

	if (!err && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		err = -errno;
	fd_close(&fd);
	return err == -EAGAIN ? 0 : err; /* its queue is full: it is there */
}

/* Why there is no connection: 0 when it may still come, else -ECONNREFUSED or -EACCES. */
static int check_place(const struct client_place *at, struct mono since)
{
	int err = try_connect(at->socket);

	if (err == 0)
		return 0;
	if (err == -EACCES || err == -EPERM)
		return -EACCES;

	bool alive = at->dir && path_instance_alive(at->dir) == 1;

	return alive && mono_diff_ms(mono_now(), since) < PATIENCE_MS ? 0 : -ECONNREFUSED;
}

/* Until the deadline, but not longer than `most` milliseconds (-1: no limit), as nng and poll(2) like it. */
static int left_ms(struct mono deadline, int most)
{
	if (!mono_is_set(deadline))
		return most;

	double left = mono_diff_ms(deadline, mono_now());

	if (left <= 0)
		return 0;
	return most >= 0 && left > most ? most : left > INT_MAX - 1 ? INT_MAX : (int)left + 1;
}

static bool is_over(struct mono deadline)
{
	return left_ms(deadline, -1) == 0;
}

static int send_once(struct client *c, const char *body, size_t len, int timeout_ms)
{
	nng_msg *msg;
	int rv = nng_msg_alloc(&msg, 0);

	if (rv != 0)
		return error_from_nng(rv);
	rv = nng_msg_append(msg, body, len);
	if (rv == 0)
		rv = nng_socket_set_ms(c->req, NNG_OPT_SENDTIMEO, timeout_ms);
	if (rv == 0)
		rv = nng_sendmsg(c->req, msg, 0);
	if (rv != 0)
		nng_msg_free(msg);
	return error_from_nng(rv);
}

static int send_request(struct client *c, const char *body, size_t len, struct mono deadline)
{
	struct mono since = mono_now();

	for (;;) {
		int err = send_once(c, body, len, left_ms(deadline, LOOK_MS));

		if (err != -ETIMEDOUT)
			return err;
		err = check_place(&c->at, since);
		if (err)
			return err;
		if (is_over(deadline))
			return -ETIMEDOUT;
	}
}

/* Copies the message and frees it. */
static int take_message(nng_msg *msg, char **text)
{
	size_t len = nng_msg_len(msg);
	char *copy = malloc(len + 1);

	if (copy) {
		memcpy(copy, nng_msg_body(msg), len);
		copy[len] = '\0';
		*text = copy;
	}
	nng_msg_free(msg);
	return copy ? 0 : -ENOMEM;
}

static int receive_reply(struct client *c, struct mono deadline, char **reply)
{
	nng_msg *msg;
	int rv = nng_socket_set_ms(c->req, NNG_OPT_RECVTIMEO, left_ms(deadline, -1));

	if (rv == 0)
		rv = nng_recvmsg(c->req, &msg, 0);
	return rv == 0 ? take_message(msg, reply) : error_from_nng(rv);
}

int client_request(struct client *c, const char *body, size_t len, struct mono deadline,
		   char **reply)
{
	if (len > ADMIN_MESSAGE_MAX)
		return -EMSGSIZE;
	for (int resets = 0;; resets++) {
		int err = send_request(c, body, len, deadline);

		if (!err)
			err = receive_reply(c, deadline, reply);
		if (err != -ECONNRESET || resets == RESETS_MAX)
			return err;
		poll(NULL, 0, 10 * resets);
	}
}

static void wake(struct subscription *s)
{
	uint64_t one = 1;

	if (write(s->wake, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

static void pipe_added_cb(nng_pipe pipe BB_UNUSED, nng_pipe_ev event BB_UNUSED, void *owner)
{
	struct subscription *s = owner;

	atomic_store(&s->connected, true);
	wake(s);
}

static void pipe_removed_cb(nng_pipe pipe BB_UNUSED, nng_pipe_ev event BB_UNUSED, void *owner)
{
	struct subscription *s = owner;

	atomic_store(&s->was_connected, true);
	atomic_store(&s->connected, false);
	wake(s);
}

static int subscribe(struct subscription *s)
{
	int rv = nng_socket_set(s->sub, NNG_OPT_SUB_SUBSCRIBE, "", 0);

	if (rv == 0)
		rv = nng_socket_set_int(s->sub, NNG_OPT_RECVBUF, EVENTS_QUEUE);
	if (rv == 0)
		rv = nng_socket_get_int(s->sub, NNG_OPT_RECVFD, &s->readable);
	if (rv == 0)
		rv = nng_pipe_notify(s->sub, NNG_PIPE_EV_ADD_POST, pipe_added_cb, s);
	if (rv == 0)
		rv = nng_pipe_notify(s->sub, NNG_PIPE_EV_REM_POST, pipe_removed_cb, s);
	return rv == 0 ? dial(s->sub, s->at.socket) : error_from_nng(rv);
}

/* Waits for a message, a change of the connection, or the time. */
static void wait_awake(struct subscription *s, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = s->readable, .events = POLLIN},
		{.fd = s->wake, .events = POLLIN},
	};
	uint64_t count;

	if (poll(fds, ARRAY_LEN(fds), timeout_ms) > 0 && fds[1].revents &&
	    read(s->wake, &count, sizeof(count)) < 0)
		return; /* woken by nobody: looking again does no harm */
}

/* Waits until there is a connection. */
static int await_connection(struct subscription *s, struct mono deadline)
{
	struct mono since = mono_now();

	while (!atomic_load(&s->connected)) {
		int timeout_ms = left_ms(deadline, LOOK_MS);

		if (timeout_ms == 0)
			return -ETIMEDOUT;
		wait_awake(s, timeout_ms);
		if (atomic_load(&s->connected))
			break;

		int err = check_place(&s->at, since);

		if (err)
			return err;
	}
	return 0;
}

int subscription_open(struct subscription **s, const struct client_place *at, struct mono deadline)
{
	struct subscription *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->at = *at;
	new->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	int err = new->wake < 0 ? -errno : open_quietly(&new->sub, nng_sub0_open);

	if (!err)
		err = subscribe(new);
	if (!err)
		err = await_connection(new, deadline);
	if (err) {
		subscription_close(new);
		return err;
	}
	*s = new;
	return 0;
}

void subscription_close(struct subscription *s)
{
	if (!s)
		return;
	if (nng_socket_id(s->sub) > 0)
		nng_close(s->sub);
	fd_close(&s->wake);
	free(s);
}

int subscription_next(struct subscription *s, struct mono deadline, char **event)
{
	for (;;) {
		nng_msg *msg;

		if (nng_recvmsg(s->sub, &msg, NNG_FLAG_NONBLOCK) == 0) {
			int err = take_message(msg, event);

			return err ? err : 1;
		}
		if (!atomic_load(&s->connected)) {
			int err = await_connection(s, deadline);

			if (err)
				return err;
		}
		if (atomic_exchange(&s->was_connected, false))
			return 0;
		if (is_over(deadline))
			return -ETIMEDOUT;
		wait_awake(s, left_ms(deadline, -1));
	}
}
