/* One listening socket: TCP, Unix, or inherited. */
#include "daemon/master/socket_bind.h"

#include "common/fd.h"
#include "common/parse.h"
#include "daemon/config/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel lowers it to net.core.somaxconn */

/* The line for people, and the error again. */
static int fail(struct config_error *e, const char *spec, int err, const char *what)
{
	const char *hint = "";

	if (err == EADDRINUSE)
		hint = "; stop the program that listens there, or choose another with --bind";
	else if (err == EACCES)
		hint = "; ports below 1024 need root or CAP_NET_BIND_SERVICE, choose a higher one";
	else if (err == EADDRNOTAVAIL)
		hint = "; this machine has no such address";
	snprintf(e->text, sizeof(e->text), "cannot %s %s: %s%s", what, spec, strerror(err), hint);
	return -err;
}

static int listen_on(const struct sockaddr *sa, socklen_t len, int *out)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, zero = 0;

	if (fd < 0)
		return -errno;
	if (sa->sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, sa, len) < 0 || listen(fd, BACKLOG) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	*out = fd;
	return 0;
}

/* ":port": every address, of both families where the machine has IPv6. */
static int bind_any(uint16_t port, int *fd)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int rc = listen_on((struct sockaddr *)&any6, sizeof(any6), fd);

	if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)
		rc = listen_on((struct sockaddr *)&any4, sizeof(any4), fd);
	return rc;
}

static int bind_tcp(const char *spec, const struct address *a, int *fd, struct config_error *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	char port[8];
	int rc;

	if (a->host[0] == '\0') {
		rc = bind_any(a->port, fd);
		return rc < 0 ? fail(e, spec, -rc, "listen on") : 0;
	}
	snprintf(port, sizeof(port), "%u", a->port);
	/* Names are for the first boot only: a socket that is kept is matched by its text. */
	rc = getaddrinfo(a->host, port, &hints, &found);
	if (rc != 0) {
		snprintf(e->text, sizeof(e->text), "cannot listen on %s: \"%s\": %s", spec, a->host,
			 gai_strerror(rc));
		return -EADDRNOTAVAIL;
	}
	rc = listen_on(found->ai_addr, found->ai_addrlen, fd);
	freeaddrinfo(found);
	return rc < 0 ? fail(e, spec, -rc, "listen on") : 0;
}

/* Whether the socket file is left over from a process that is gone. */
static bool is_stale(const struct sockaddr_un *un)
{
	struct stat st;
	bool refused;
	int fd;

	if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	refused =
		connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_unix(const char *spec, const struct address *a, int *fd, struct config_error *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int rc;

	memcpy(un.sun_path, a->path, sizeof(un.sun_path));
	if (is_stale(&un))
		(void)unlink(un.sun_path);
	rc = listen_on((struct sockaddr *)&un, sizeof(un), fd);
	return rc < 0 ? fail(e, spec, -rc, "listen on") : 0;
}

/* A descriptor that the caller left open for us. */
static int adopt(const char *spec, int number, int *fd, struct config_error *e)
{
	int accepting = 0;
	socklen_t len = sizeof(accepting);

	if (getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &len) < 0)
		return fail(e, spec, errno, "use");
	if (!accepting) {
		snprintf(e->text, sizeof(e->text), "cannot use %s: not a listening socket", spec);
		return -EINVAL;
	}
	if (fd_set_cloexec(number, true) < 0)
		return fail(e, spec, errno, "use");
	*fd = number;
	return 0;
}

int socket_bind(const char *spec, int *fd, bool *inherited, struct config_error *e)
{
	struct address a;

	if (address_parse(spec, &a, e) < 0)
		return -EINVAL;
	*inherited = a.kind == ADDRESS_FD;
	switch (a.kind) {
	case ADDRESS_TCP:
		return bind_tcp(spec, &a, fd, e);
	case ADDRESS_UNIX:
		return bind_unix(spec, &a, fd, e);
	case ADDRESS_FD:
		return adopt(spec, a.fd, fd, e);
	}
	return -EINVAL;
}

int socket_bind_passed(void)
{
	const char *fds = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	uint64_t count, for_pid;

	if (!fds || !pid || parse_uint(fds, 1, 1024, &count) < 0 ||
	    parse_uint(pid, 1, INT32_MAX, &for_pid) < 0 || (pid_t)for_pid != getpid())
		return 0;
	return (int)count;
}

const char *socket_bind_name(int fd, char out[SOCKET_BIND_NAME_MAX])
{
	const char *names = getenv("LISTEN_FDNAMES");
	int skip = fd - SOCKET_BIND_FIRST_FD;
	size_t len;

	snprintf(out, SOCKET_BIND_NAME_MAX, "http");
	if (!names || skip < 0 || skip >= socket_bind_passed())
		return out;
	for (; skip > 0 && names; skip--) {
		names = strchr(names, ':');
		names += names ? 1 : 0;
	}
	len = names ? strcspn(names, ":") : 0;
	if (len > 0 && len < SOCKET_BIND_NAME_MAX)
		snprintf(out, SOCKET_BIND_NAME_MAX, "%.*s", (int)len, names);
	return out;
}
