/*
 * One listening Unix socket of the admin interface: made so that clients never see it missing or half-made, never
 * deaf, removed at the end only if it is still ours. Used by admin.c alone.
 */
#ifndef DAEMON_MASTER_ADMIN_LISTENER_H
#define DAEMON_MASTER_ADMIN_LISTENER_H

#include "common/attr.h"

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct handoff_fds;

/* Takes a connection: non-blocking, CLOEXEC. */
typedef void admin_accept_fn(void *owner, int fd);

struct admin_listener {
	char *path;
	int fd;		/* -1: none */
	dev_t file_dev; /* of the socket file that we made */
	ino_t file_ino;
	struct ev_loop *loop;
	admin_accept_fn *accept;
	void *owner;
	ev_io ready;
	bool starved; /* the last accept failed so, and that was logged */
	ev_timer
		retry; /* runs only while no connection can be accepted for want of descriptors or memory */
};

/* Prepares the structure; copies the path. Returns 0 or -ENOMEM. */
int admin_listener_init(struct admin_listener *l, struct ev_loop *loop, const char *path,
			admin_accept_fn *accept, void *owner) BB_NODISCARD;
/* Closes the socket, and removes its file if it is the one that we made. Safe on a zeroed structure. */
void admin_listener_finish(struct admin_listener *l);

/*
 * Binds under another name, mode 0600, listens, then renames: there is no moment at which connecting fails. In
 * place of an older socket of ours, connections that wait on that one are accepted first. Returns 0;
 * -EADDRINUSE: another process listens there; -EEXIST: a file that is no socket; -ENAMETOOLONG; -errno.
 */
int admin_listener_open(struct admin_listener *l) BB_NODISCARD;
/* Whether `path` still leads to our socket. */
bool admin_listener_reachable(const struct admin_listener *l);
/* Tries to accept again at once, if it has had to stop. */
void admin_listener_retry(struct admin_listener *l);

/* Across execve(2). NULL when memory runs out. */
json_t *admin_listener_save(const struct admin_listener *l, struct handoff_fds *fds);
/* Claims the socket that `state` names and listens on. -ENOENT: it is not there or not what it was. */
int admin_listener_restore(struct admin_listener *l, const json_t *state,
			   struct handoff_fds *fds) BB_NODISCARD;

#endif
