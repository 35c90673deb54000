/*
 * The transport between the master and one worker: headers and descriptors on a SOCK_SEQPACKET
 * pair.
 */
#include "daemon/ipc/channel.h"

#include "common/fd.h"

#include <errno.h>
#include <sys/socket.h>

/* Twice a full message: one may wait while the next is written. */
#define CHANNEL_SEND_BUFFER (2 * CHANNEL_MESSAGE_MAX)

const char *channel_type_name(enum channel_type t)
{
	switch (t) {
	case CHANNEL_CONFIG:
		return "config";
	case CHANNEL_READY:
		return "ready";
	case CHANNEL_FAILED:
		return "failed";
	case CHANNEL_PAUSE:
		return "pause";
	case CHANNEL_RESUME:
		return "resume";
	case CHANNEL_DRAIN:
		return "drain";
	case CHANNEL_STOP:
		return "stop";
	case CHANNEL_STATS:
		return "stats";
	case CHANNEL_CONN:
		return "conn";
	case CHANNEL_MODULES:
		return "modules";
	case CHANNEL_PRELOAD:
		return "preload";
	case CHANNEL_WARM:
		return "warm";
	case CHANNEL_SPOILT:
		return "spoilt";
	case CHANNEL_SPAWN:
		return "spawn";
	case CHANNEL_REFUSED:
		return "refused";
	case CHANNEL_HELLO:
		return "hello";
	case CHANNEL_RETRY:
		return "retry";
	}
	return "unknown";
}

int channel_pair(int ends[2])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		int size = CHANNEL_SEND_BUFFER;

		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0) {
			int err = -errno;

			fd_close(&pair[0]);
			fd_close(&pair[1]);
			return err;
		}
	}
	ends[0] = pair[0];
	ends[1] = pair[1];
	return 0;
}

static int message_build(struct buf *out, enum channel_type t, const void *body, size_t len)
{
	int err = buf_reserve(out, CHANNEL_HEADER_LEN + len);

	if (!err)
		err = buf_add_u8(out, CHANNEL_VERSION);
	if (!err)
		err = buf_add_u8(out, (uint8_t)t);
	if (!err)
		err = buf_add_u16(out, 0);
	if (!err && len > 0)
		err = buf_add(out, body, len);
	return err == -ENOBUFS ? -EMSGSIZE : err;
}

int channel_send_fds(int sock, enum channel_type t, const void *body, size_t len, const int *fds,
		     size_t nfds)
{
	struct buf message;
	int err;

	buf_init(&message, CHANNEL_MESSAGE_MAX);
	err = message_build(&message, t, body, len);
	if (!err)
		err = fd_send(sock, buf_data(&message), buf_len(&message), fds, nfds);
	buf_finish(&message);
	return err;
}

int channel_send(int sock, enum channel_type t, const void *body, size_t len, int fd)
{
	return channel_send_fds(sock, t, body, len, &fd, fd >= 0 ? 1 : 0);
}

/* Splits the header off. A newer version is read like ours: formats only grow at their end. */
static int message_parse(const void *data, size_t len, struct channel_message *m)
{
	struct reader r;
	uint8_t version = 0, type = 0;
	uint16_t reserved;
	int err;

	reader_init(&r, data, len);
	err = reader_u8(&r, &version);
	if (!err)
		err = reader_u8(&r, &type);
	if (!err)
		err = reader_u16(&r, &reserved);
	if (err || version == 0 || type == 0)
		return -EBADMSG;
	m->type = (enum channel_type)type;
	m->body = r.p;
	m->len = reader_left(&r);
	return 0;
}

int channel_recv_fds(int sock, void *buf, size_t size, struct channel_message *m, int *fds,
		     size_t *nfds)
{
	struct channel_message got = {.fd = -1};
	size_t count = 0;
	ssize_t n = fd_recv(sock, buf, size, fds, &count);

	if (n <= 0)
		return n == -EMSGSIZE ? -EBADMSG : (int)n;
	if (message_parse(buf, (size_t)n, &got) < 0) {
		for (size_t i = 0; i < count; i++)
			fd_close(&fds[i]);
		return -EBADMSG;
	}
	*nfds = count;
	*m = got;
	return 1;
}

int channel_recv(int sock, void *buf, size_t size, struct channel_message *m)
{
	struct channel_message got;
	int fds[FD_PASS_MAX];
	size_t nfds = 0;
	int rc = channel_recv_fds(sock, buf, size, &got, fds, &nfds);

	if (rc != 1)
		return rc;
	if (nfds > 1) {
		for (size_t i = 0; i < nfds; i++)
			fd_close(&fds[i]);
		return -EBADMSG;
	}
	if (nfds == 1)
		got.fd = fds[0];
	*m = got;
	return 1;
}
