/* Listening sockets: who they are, and taking connections from them. */
#include "common/fd.h"
#include "daemon/http/conn.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* In one turn: other workers that share the socket get theirs. */
#define ACCEPT_BURST 4

/* How long to leave the queue alone when descriptors or memory have run out. */
#define ACCEPT_PAUSE_MS 500

static void adopt_socket(struct listener *l, int fd, const struct sockaddr *sa)
{
	struct http_server *s = l->server;
	struct addr peer;
	struct conn *c;
	int one = 1;

	if (l->family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	addr_from_sockaddr(&peer, sa);
	if (conn_create(s, fd, &peer, l->index, &c) == 0)
		s->stats.accepted++;
}

/* Errors of the connection itself, of which accept(2) says to go on (accept(2), "Error handling"). */
static bool is_transient(int err)
{
	return err == EINTR || err == ECONNABORTED || err == EPROTO || err == ENETDOWN ||
	       err == ENOPROTOOPT || err == EHOSTDOWN || err == EHOSTUNREACH ||
	       err == ENETUNREACH || err == EPERM;
}

static void listener_accept_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct listener *l = container_of(w, struct listener, accept);
	struct http_server *s = l->server;

	for (int i = 0; i < ACCEPT_BURST && s->accepting; i++) {
		struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
		socklen_t len = sizeof(ss);
		int fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			adopt_socket(l, fd, (struct sockaddr *)&ss);
		} else if (!is_transient(errno)) {
			if (errno != EAGAIN)
				server_pause_accept(s, ACCEPT_PAUSE_MS);
			return;
		}
	}
}

static bool is_wildcard(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;

	if (ss->ss_family == AF_INET)
		return in->sin_addr.s_addr == htonl(INADDR_ANY);
	return ss->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

/* The path of a Unix socket; abstract names are shown with '@' (unix(7)). */
static char *unix_path(const struct sockaddr_storage *ss, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)ss;
	size_t n = len - offsetof(struct sockaddr_un, sun_path);
	char *path = strndup(un->sun_path, n);

	if (path && n > 1 && un->sun_path[0] == '\0') {
		free(path);
		path = calloc(1, n + 1);
		if (path) {
			memcpy(path, un->sun_path, n);
			path[0] = '@';
		}
	}
	return path;
}

int listener_init(struct listener *l, struct http_server *s, int fd, uint32_t index)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	*l = (struct listener){.server = s, .index = index, .fd = fd, .family = ss.ss_family};
	l->wildcard = is_wildcard(&ss);
	if (ss.ss_family == AF_UNIX) {
		l->path = unix_path(&ss, len);
		if (!l->path)
			return -ENOMEM;
	} else {
		addr_from_sockaddr(&l->addr, (struct sockaddr *)&ss);
	}
	ev_io_init(&l->accept, listener_accept_cb, fd, EV_READ);
	return 0;
}

void listener_accept(struct listener *l, bool on)
{
	struct http_server *s = l->server;

	if (on == (bool)ev_is_active(&l->accept))
		return;
	if (on) {
		/* Set anew: poller_forget() went behind libev's back. */
		ev_io_set(&l->accept, l->fd, EV_READ);
		ev_io_start(s->loop, &l->accept);
	} else {
		ev_io_stop(s->loop, &l->accept);
		poller_forget(&s->poller, l->fd); /* others share the socket */
	}
}

void listener_finish(struct listener *l)
{
	if (!l->server)
		return;
	listener_accept(l, false);
	fd_close(&l->fd);
	free(l->path);
}
