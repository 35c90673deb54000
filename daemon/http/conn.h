/*
 * One connection: reads requests, one after the other, and writes their responses.
 *
 *            first byte       head complete      response ended       all sent, body read
 *   IDLE ───────────► HEAD ───────────► ACTIVE ───────────► FINISHING ───────────┬─► IDLE
 *    │                 │                  │                     ▲                 │
 *    │ time is up      └── refused ───────┼─────────────────────┘                 ▼
 *    └────────────────────────────────────┼───────────────────────────────► LINGERING
 *                      client gone        ▼                                       │
 *                                       CLOSED ◄──────────────────────────────────┘
 *
 * What is watched and which time limit runs follows from the state alone (conn_update). Nobody frees a
 * connection but conn_deferred(), at the top of the loop.
 */
#ifndef DAEMON_HTTP_CONN_H
#define DAEMON_HTTP_CONN_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/list.h"
#include "daemon/http/addr.h"
#include "daemon/http/output.h"
#include "daemon/http/prescan.h"
#include "daemon/http/timeouts.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#define OUTPUT_HIGH (256 * 1024) /* the host is asked to wait */
#define OUTPUT_LOW  (64 * 1024)	 /* and to go on */
#define OUTPUT_CORK (16 * 1024)	 /* less is gathered until the response ends or the loop blocks */

struct http_request;
struct http_server;

enum conn_state { CONN_IDLE, CONN_HEAD, CONN_ACTIVE, CONN_FINISHING, CONN_LINGERING, CONN_CLOSED };

struct conn {
	ev_io reader, writer;
	struct http_server *server;
	struct list_node link;		/* http_server.conns */
	struct list_node deferred_link; /* http_server.deferred */
	struct timeout timeout;
	struct buf in; /* heads that are incomplete, or whose turn has not come */
	struct output out;
	struct prescan scan;	  /* of the head at the front of `in` */
	struct http_request *req; /* in flight, or finishing */
	struct addr peer;
	struct addr *local; /* found on demand, when the listener is a wildcard */
	int64_t linger_until_ms;
	struct mono began; /* first byte of the head; set only if somebody logs it */
	uint32_t listener;
	uint32_t requests; /* begun */
	enum conn_state state;
	bool busy;    /* conn_parse() is on the stack: it goes on by itself */
	bool blocked; /* the socket took no more */
	bool broken;  /* writing failed; the host has not been told yet */
	bool eof;     /* the client sent FIN */
	bool closing; /* no further request */
	bool must_linger; /* the client may still be sending: do not let a reset overtake the response */
	bool seen;	  /* bytes have come: before that, a request is certainly on its way */
	bool kept;	  /* nobody took it when we drained: it is served here to its end */
};

/* Takes fd, on errors too. The connection is watched at once. Returns 0 or -ENOMEM. */
int conn_create(struct http_server *s, int fd, const struct addr *peer, uint32_t listener,
		struct conn **out) BB_NODISCARD;
/* Closes at once; the host is told that its request is over. The memory goes in conn_deferred(). */
void conn_close(struct conn *c);
/* Frees a closed connection. */
void conn_free(struct conn *c);

/* Watches and time limits as the state wants them. */
void conn_update(struct conn *c);
/* Flushes, and takes the steps that are due: next request, giving away, closing. */
void conn_advance(struct conn *c);
/* Has conn_deferred() called before the loop blocks. */
void conn_defer(struct conn *c);
void conn_deferred(struct conn *c);
void conn_timed_out(struct conn *c);
/* The time limit of the present state begins anew: there was progress. */
void conn_progress(struct conn *c);

/* Whether the next request may be started: the state allows it, and the server still takes some. */
bool conn_may_begin(const struct conn *c);
/* Leaves CONN_FINISHING if nothing holds it there. */
void conn_settle(struct conn *c);

/* The host, or the server itself, has ended the response of c->req. */
void conn_response_ended(struct conn *c);
/* The response cannot be finished: the client must see that. */
void conn_cut(struct conn *c);
/* Whether nothing can follow the present request: the client will send no more, or we are going. */
bool conn_is_last(const struct conn *c);

/* conn_write.c: errors mark the connection broken; the host learns by on_abort. */
/* Queues bytes of the response; small ones are gathered. */
void conn_send(struct conn *c, const void *data, size_t len);
/* The same in place: room for n bytes (NULL: no memory), then how many there are. */
char *conn_send_room(struct conn *c, size_t n);
void conn_sent_room(struct conn *c, size_t n);
/* Takes fd. */
void conn_send_file(struct conn *c, int fd, off_t offset, uint64_t len);
/* Writes what is queued, as far as the socket takes it. Returns 0 or -errno. */
int conn_flush(struct conn *c) BB_NODISCARD;

/* conn_read.c */
void conn_readable(struct conn *c);
/* Starts what is whole in c->in. */
void conn_parse_queued(struct conn *c);

/* conn_close.c */
/* The request is over and done: it is logged and its memory goes back. */
void conn_request_done(struct conn *c);
/* Answers with an error of ours and ends the connection so that the client reads it. */
void conn_refuse(struct conn *c, int status, const char *why);
/* The same in the middle of a request: the host is told first; no answer if its own has begun. */
void conn_fail(struct conn *c, int status, const char *why);
/* The host is told that its request is over. */
void conn_abort_request(struct conn *c);
/* At a message boundary while draining: gives the connection away, or closes it when nobody loses by it. */
void conn_depart(struct conn *c);
/* No further request: closes at once, or after lingering where the client may still be writing. */
void conn_finish(struct conn *c);
/* An idle connection is over: unless bytes have come meanwhile, FIN and a short wait. */
void conn_farewell(struct conn *c);
/* While lingering: throws away what comes. */
void conn_discard(struct conn *c);

#endif
