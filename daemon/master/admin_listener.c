/* One listening Unix socket of the admin interface. */
#include "daemon/master/admin_listener.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/master/handoff.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	    128
#define ACCEPTS_MAX 16	/* a turn, so that a flood of connections does not hold up the rest */
#define RETRY_S	    0.1 /* after an accept that failed for want of something */

/* Whether accept(2) failed because of that one connection, or found none: not a reason to wait. */
static bool is_transient(int err)
{
	return err == EAGAIN || err == EINTR || err == ECONNABORTED || err == EPROTO;
}

/* The socket is readable as long as somebody waits, so that going on at once would be spinning. */
static void back_off(struct admin_listener *l, int err)
{
	if (!l->starved)
		log_warn_errno(err, "admin socket \"%s\": cannot accept a connection; trying on",
			       l->path);
	l->starved = true;
	ev_io_stop(l->loop, &l->ready);
	ev_timer_set(&l->retry, RETRY_S, 0);
	ev_timer_start(l->loop, &l->retry);
}

/* Returns whether there may be more. */
static bool accept_one(struct admin_listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		l->starved = false;
		l->accept(l->owner, fd);
		return true;
	}
	if (!is_transient(errno))
		back_off(l, errno);
	return false;
}

static void listener_ready_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct admin_listener *l = container_of(w, struct admin_listener, ready);

	(void)loop;
	(void)revents;
	for (int i = 0; i < ACCEPTS_MAX && accept_one(l); i++)
		;
}

void admin_listener_retry(struct admin_listener *l)
{
	if (!ev_is_active(&l->retry))
		return;
	ev_timer_stop(l->loop, &l->retry);
	ev_io_start(l->loop, &l->ready);
}

static void listener_retry_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct admin_listener *l = container_of(w, struct admin_listener, retry);

	(void)revents;
	ev_io_start(loop, &l->ready);
}

int admin_listener_init(struct admin_listener *l, struct ev_loop *loop, const char *path,
			admin_accept_fn *accept, void *owner)
{
	*l = (struct admin_listener){.fd = -1, .loop = loop, .accept = accept, .owner = owner};
	ev_init(&l->ready, listener_ready_cb);
	ev_timer_init(&l->retry, listener_retry_cb, RETRY_S, 0);
	l->path = strdup(path);
	return l->path ? 0 : -ENOMEM;
}

static void stop_listening(struct admin_listener *l)
{
	ev_io_stop(l->loop, &l->ready);
	ev_timer_stop(l->loop, &l->retry);
	fd_close(&l->fd);
}

void admin_listener_finish(struct admin_listener *l)
{
	if (!l->path)
		return;
	if (l->fd >= 0 && admin_listener_reachable(l))
		unlink(l->path);
	stop_listening(l);
	free(l->path);
	l->path = NULL;
}

bool admin_listener_reachable(const struct admin_listener *l)
{
	struct stat st;

	return lstat(l->path, &st) == 0 && st.st_dev == l->file_dev && st.st_ino == l->file_ino;
}

static int fill_address(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	return str_copy(a->sun_path, sizeof(a->sun_path), path);
}

/* Whether another process answers there. One that died leaves a file that refuses connections. */
static bool is_taken(const struct sockaddr_un *address)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool taken = false;

	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		taken = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
			peer.pid != getpid();
	else
		taken = errno == EAGAIN;
	fd_close(&fd);
	return taken;
}

/* What is at the public name may be replaced: nothing, or a socket that nobody else listens on. */
static int check_place(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return is_taken(address) ? -EADDRINUSE : 0;
}

/* A short name in the same folder, ours alone because of the pid. */
static int temporary_name(struct sockaddr_un *a, const char *path)
{
	char name[PATH_MAX];
	int dir_len = (int)(path_basename(path) - path);
	int n = snprintf(name, sizeof(name), "%.*s.bb%d", dir_len, path, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	return fill_address(a, name);
}

/* Nobody can connect before listen(2), and then the mode is right already. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, struct stat *made)
{
	unlink(address->sun_path);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (chmod(address->sun_path, 0600) < 0 || lstat(address->sun_path, made) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		int err = -errno;

		unlink(address->sun_path);
		return err;
	}
	return 0;
}

/* The new socket at the public name. Returns it, or -errno. */
static int make_socket(const char *path, struct stat *made)
{
	struct sockaddr_un public, temporary;
	int err = fill_address(&public, path);

	if (!err)
		err = temporary_name(&temporary, path);
	if (!err)
		err = check_place(&public);
	if (err)
		return err;

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	err = bind_and_listen(fd, &temporary, made);
	if (!err && rename(temporary.sun_path, public.sun_path) < 0) {
		err = -errno;
		unlink(temporary.sun_path);
	}
	if (err)
		fd_close(&fd);
	return err ? err : fd;
}

static void start_listening(struct admin_listener *l, int fd)
{
	l->fd = fd;
	ev_io_set(&l->ready, fd, EV_READ);
	ev_io_start(l->loop, &l->ready);
}

int admin_listener_open(struct admin_listener *l)
{
	struct stat made;
	int fd = make_socket(l->path, &made);

	if (fd < 0)
		return fd;
	if (l->fd >= 0) {
		while (accept_one(l))
			;
		stop_listening(l);
	}
	l->file_dev = made.st_dev;
	l->file_ino = made.st_ino;
	start_listening(l, fd);
	return 0;
}

json_t *admin_listener_save(const struct admin_listener *l, struct handoff_fds *fds)
{
	struct stat st;

	if (fstat(l->fd, &st) < 0 || handoff_fds_add(fds, l->fd) < 0)
		return NULL;
	return json_pack("{s:s, s:i, s:I, s:I, s:I}", "path", l->path, "fd", l->fd, "ino",
			 (json_int_t)st.st_ino, "file_dev", (json_int_t)l->file_dev, "file_ino",
			 (json_int_t)l->file_ino);
}

/* Whether fd is the listening Unix socket with that inode number. */
static bool is_listener(int fd, ino_t ino)
{
	int domain = 0, accepting = 0;
	socklen_t domain_len = sizeof(domain), accepting_len = sizeof(accepting);
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == ino &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 &&
	       domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &accepting_len) == 0 &&
	       accepting;
}

int admin_listener_restore(struct admin_listener *l, const json_t *state, struct handoff_fds *fds)
{
	int fd = -1;
	json_int_t ino = 0, file_dev = 0, file_ino = 0;

	if (json_unpack((json_t *)state, "{s:i, s:I, s:I, s:I}", "fd", &fd, "ino", &ino, "file_dev",
			&file_dev, "file_ino", &file_ino) < 0 ||
	    !is_listener(fd, (ino_t)ino) || handoff_fds_claim(fds, fd) < 0)
		return -ENOENT;
	l->file_dev = (dev_t)file_dev;
	l->file_ino = (ino_t)file_ino;
	start_listening(l, fd);
	return 0;
}
