/*
 * The connections of the admin sockets: hello, messages in, messages out, limits. Used by admin.c alone.
 *
 * No client can cost more than its share: 64 connections, 5 s for the hello, 1 MiB a message, bounded queues. One
 * that sends requests and reads no answers is not read from until it does. Subscribers have no queues: each has its
 * place in the ring of events, and one that is too slow for the ring misses some.
 */
#ifndef DAEMON_MASTER_ADMIN_CONN_H
#define DAEMON_MASTER_ADMIN_CONN_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/list.h"
#include "common/sp.h"
#include "daemon/master/admin.h"

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ADMIN_CONNS_MAX 64
#define ADMIN_HELLO_S	5.0
#define ADMIN_REP_QUEUE (4 * 1024 * 1024) /* bytes of unread answers, then it is closed */
#define ADMIN_HELD \
	(8 * 1024 * 1024) /* bytes that all hold together, then the greediest is closed */

struct ring;

/* The set of connections, which admin.c embeds. */
struct admin_conns {
	struct list list; /* struct admin_conn.link, oldest first */
	size_t count;
	struct ev_loop *loop;
	const struct ring *events;
	admin_request_fn *request;
	void *owner;
	uint64_t next_number;
	double hello_s; /* seconds to say hello in */
	/* A descriptor has become free: who could not accept may try again. NULL: nobody cares. */
	void (*closed)(void *arg);
	void *closed_arg;
};

struct admin_conn {
	struct list_node link; /* admin_conns.list */
	struct admin_conns *set;
	uint64_t number;    /* never reused, not even by the next image */
	enum sp_proto self; /* what we are to it: SP_REP or SP_PUB */
	uid_t uid;
	pid_t pid;
	int fd;
	bool greeted;	/* its hello has come */
	bool answering; /* the request callback runs: it must not be freed */
	bool dead;	/* to be freed when the callback returns */
	size_t taken;	/* bytes at the front of `in` that the request callback has been given */
	struct buf in;	/* unread */
	struct buf out; /* unsent */
	uint64_t event; /* SP_PUB: the next one to send */
	ev_io reader;
	ev_io writer;
	ev_timer hello;
};

void admin_conns_init(struct admin_conns *s, struct ev_loop *loop, const struct ring *events,
		      admin_request_fn *request, void *owner);
/* Closes every connection. Not from the request callback. */
void admin_conns_finish(struct admin_conns *s);

/*
 * Takes an accepted, non-blocking fd: it is served or closed. With 64 there already, the oldest that has
 * not said hello makes room, else the new one is refused.
 */
void admin_conns_adopt(struct admin_conns *s, int fd, enum sp_proto self);
/* NULL: gone. */
struct admin_conn *admin_conns_find(const struct admin_conns *s, uint64_t number);

/* Queues an answer and writes what goes. May destroy the connection. */
void admin_conn_reply(struct admin_conn *c, uint32_t id, const char *body, size_t len);
/* Writes what goes, new events too. May destroy the connection. */
void admin_conn_flush(struct admin_conn *c);

/*
 * Across execve(2); admin.c puts the descriptor into the list. Unread and unsent bytes are appended to `bytes`. NULL
 * when memory runs out.
 */
json_t *admin_conn_save(const struct admin_conn *c, struct buf *bytes);
/*
 * Takes fd, which has been verified; `bytes` are all that were saved. False: `state` cannot be used, and fd is closed.
 */
bool admin_conn_restore(struct admin_conns *s, int fd, const json_t *state,
			const struct reader *bytes);

/* --- of admin_conn*.c alone --- */

/* Takes fd, closing it on failure. Nothing is watched yet. NULL: somebody else's, or no memory. */
struct admin_conn *admin_conn_create(struct admin_conns *s, int fd, enum sp_proto self,
				     uint64_t number);
void admin_conn_start(struct admin_conn *c);
void admin_conn_destroy(struct admin_conn *c);
/* Ends it, later if the request callback is running. */
void admin_conn_drop(struct admin_conn *c);
/* Reading is for those who read: stops and starts it, as the queue is. */
void admin_conn_arm(struct admin_conn *c);
/* Whether its queue is short enough to take more requests. */
bool admin_conn_reads_answers(const struct admin_conn *c);
/* Somebody holds more than before: if all together hold too much, the greediest will be closed, from the loop. */
void admin_conns_check_held(struct admin_conns *s);

#endif
