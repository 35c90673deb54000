/* What the descriptors are that happen to be open. */
#include "daemon/master/salvage.h"

#include "common/parse.h"
#include "daemon/config/address.h"
#include "daemon/config/config.h"
#include "daemon/master/sockaddr_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_listening(int fd, struct sockaddr_storage *sa, socklen_t *len)
{
	int accepting = 0;
	socklen_t opt_len = sizeof(accepting);

	*len = sizeof(*sa);
	memset(sa, 0, sizeof(*sa));
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &opt_len) == 0 && accepting &&
	       getsockname(fd, (struct sockaddr *)sa, len) == 0;
}

/* Whether a socket is what `a` asks for, as far as its own address can tell: a name may mean any host. */
static bool fits(const struct address *a, int fd, const struct sockaddr_storage *sa)
{
	switch (a->kind) {
	case ADDRESS_FD:
		return a->fd == fd;
	case ADDRESS_UNIX:
		return sa->ss_family == AF_UNIX &&
		       strcmp(((const struct sockaddr_un *)sa)->sun_path, a->path) == 0;
	case ADDRESS_TCP:
		break;
	}
	if (sa->ss_family == AF_INET)
		return a->port == 0 || ((const struct sockaddr_in *)sa)->sin_port == htons(a->port);
	return sa->ss_family == AF_INET6 &&
	       (a->port == 0 || ((const struct sockaddr_in6 *)sa)->sin6_port == htons(a->port));
}

/* Adds fd to the array under the first address that it fits and nobody else has. Returns false if there is none. */
static bool keep(json_t *found, struct handoff_fds *fds, const struct strv *binds, bool *taken,
		 int fd)
{
	struct sockaddr_storage sa;
	char address[160];
	socklen_t len;
	struct stat st;

	if (!is_listening(fd, &sa, &len) || fstat(fd, &st) < 0 ||
	    sockaddr_text(&sa, len, address, sizeof(address)) < 0)
		return false;
	for (size_t i = 0; i < binds->len; i++) {
		struct config_error why;
		struct address a;

		if (taken[i] || address_parse(binds->v[i], &a, &why) < 0 || !fits(&a, fd, &sa) ||
		    handoff_fds_add(fds, fd) < 0)
			continue;
		taken[i] = true;
		return json_array_append_new(
			       found, json_pack("{s:s, s:i, s:I, s:s, s:b}", "spec", binds->v[i],
						"fd", fd, "ino", (json_int_t)st.st_ino, "address",
						address, "inherited", a.kind == ADDRESS_FD)) == 0;
	}
	return false;
}

/* Between master and worker: a pair of its own kind, which nothing else of ours is. */
static bool is_channel(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static bool is_readable_pipe(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && flags >= 0 &&
	       (flags & O_ACCMODE) == O_RDONLY;
}

/* Whether fd is of use. */
static bool take(struct salvage *s, const struct strv *binds, bool *taken, int fd)
{
	if (is_channel(fd))
		return handoff_fds_add(&s->channels, fd) == 0;
	if (is_readable_pipe(fd))
		return handoff_fds_add(&s->pipes, fd) == 0;
	return keep(s->listeners, &s->fds, binds, taken, fd);
}

void salvage(struct salvage *s, const struct strv *binds)
{
	bool *taken = calloc(binds->len + 1, sizeof(*taken));
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;

	s->listeners = json_array();
	while (taken && s->listeners && dir && (d = readdir(dir))) {
		uint64_t fd;

		if (parse_uint(d->d_name, 3, INT_MAX, &fd) < 0 || (int)fd == dirfd(dir))
			continue;
		if (!take(s, binds, taken, (int)fd))
			close((int)fd);
	}
	if (dir)
		closedir(dir);
	free(taken);
}

void salvage_finish(struct salvage *s)
{
	json_decref(s->listeners);
	handoff_fds_finish(&s->fds, true);
	handoff_fds_finish(&s->channels, true);
	handoff_fds_finish(&s->pipes, true);
}
