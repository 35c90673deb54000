/*
 * The admin sockets: SP over ipc on our own listeners. One speaks REP (requests), one PUB (events).
 * Transport only: bytes of a request in, bytes of a reply out; what requests mean is admin_cmd.c's.
 *
 * Listeners and all connections cross execve(2), with their unread and unsent bytes; whoever waits for an answer
 * gets it from the new image. No client can make the master wait: slow subscribers lose messages.
 */
#ifndef DAEMON_MASTER_ADMIN_H
#define DAEMON_MASTER_ADMIN_H

#include "common/attr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct admin;
struct ev_loop;
struct handoff_fds;
struct reader;
struct buf;
struct ring;

/* Whom to answer: a value that can be kept, saved and restored. conn numbers are never reused. */
struct admin_peer {
	uint64_t conn;
	uint32_t request;
	uid_t uid;
	pid_t pid;
};

/* A request has arrived. The answer may be given at once or any time later. */
typedef void admin_request_fn(void *owner, const struct admin_peer *from, const char *body,
			      size_t len);

/*
 * Makes both sockets. Subscribers are sent the records of `events`, which outlives the sockets. Returns 0; -EADDRINUSE: another process listens there; -EEXIST: a file that is no
 * socket is there; -ENAMETOOLONG; other -errno.
 */
int admin_create(struct admin **a, struct ev_loop *loop, const char *rep_path, const char *pub_path,
		 const struct ring *events, admin_request_fn *request, void *owner) BB_NODISCARD;
/* Writes what goes, closes everything and unlinks the sockets, if they are still ours. Not from the request callback. */
void admin_destroy(struct admin *a);

/* Nothing happens when the client is gone. */
void admin_reply(struct admin *a, const struct admin_peer *to, const char *body, size_t len);
/* Whether the client is still connected. */
bool admin_peer_is_there(const struct admin *a, const struct admin_peer *peer);
/* There is a new event: to every subscriber. */
void admin_publish(struct admin *a);
/* Makes a socket file anew that somebody has removed (SIGUSR1). Returns 0 or -errno. */
int admin_recreate(struct admin *a) BB_NODISCARD;
/* Tries once more to write what is queued; for a stop: answers leave before the sockets close. */
void admin_flush(struct admin *a);

/*
 * Across execve(2): a JSON object, with descriptors put into `fds`, unread and unsent bytes into `bytes`. NULL when memory
 * runs out. Numbers of connections stay what they are, so that a saved struct admin_peer is answered by the new image.
 */
json_t *admin_save(const struct admin *a, struct handoff_fds *fds, struct buf *bytes);
/* Takes the descriptors that `state` names out of `fds`. Connections that do not verify are dropped. */
int admin_restore(struct admin **a, struct ev_loop *loop, const json_t *state,
		  const struct reader *bytes, struct handoff_fds *fds, const struct ring *events,
		  admin_request_fn *request, void *owner) BB_NODISCARD;

#endif
