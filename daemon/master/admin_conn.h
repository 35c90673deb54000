/*
 * The connections of the admin sockets: hello, messages in, messages out, limits. Used by admin.c alone.
 *
 * No client can cost more than its share: 64 connections, 5 s for the hello, 1 MiB a message, bounded queues. One
 * that sends requests and reads no answers is not read from until it does.
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
#define ADMIN_PUB_QUEUE (1024 * 1024)	  /* bytes of unread events, then it loses some */

/* The set of connections, which admin.c embeds. */
struct admin_conns {
	struct list list; /* struct admin_conn.link, oldest first */
	size_t count;
	struct ev_loop *loop;
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
	ev_io reader;
	ev_io writer;
	ev_timer hello;
};

void admin_conns_init(struct admin_conns *s, struct ev_loop *loop, admin_request_fn *request,
		      void *owner);
/* Closes every connection. Not from the request callback. */
void admin_conns_finish(struct admin_conns *s);

/*
 * Takes an accepted, non-blocking fd: it is served or closed. With 64 there already, the oldest that has
 * not said hello makes room, else the new one is refused.
 */
void admin_conns_adopt(struct admin_conns *s, int fd, enum sp_proto self);
/* NULL: gone. */
struct admin_conn *admin_conns_find(const struct admin_conns *s, uint64_t number);

/* Queues a message and writes what goes. May destroy the connection. */
void admin_conn_send(struct admin_conn *c, uint32_t id, const char *body, size_t len);
/* Writes what goes. May destroy the connection. */
void admin_conn_flush(struct admin_conn *c);

/* Across execve(2); admin.c puts the descriptor into the list. NULL when memory runs out. */
json_t *admin_conn_save(const struct admin_conn *c);
/* Takes fd, which has been verified; false: `state` cannot be used and fd is closed. */
bool admin_conn_restore(struct admin_conns *s, int fd, const json_t *state);

#endif
