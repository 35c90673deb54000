/*
 * Real servers and real clients on loopback sockets in one loop, for the tests of daemon/http. A test gives its
 * server a handler, drives clients with blocking-looking calls (each runs the loop until what it waits for has
 * happened), and fails with the condition's text when nothing happens for some seconds.
 */
#ifndef TESTS_UNIT_HTTP_HARNESS_H
#define TESTS_UNIT_HTTP_HARNESS_H

#include "common/buf.h"
#include "daemon/http/app.h"
#include "daemon/http/server.h"
#include "tests/support/unit.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#define RELEASED_MAX 32

struct server;
typedef void handler_fn(struct server *s, struct http_request *req);

struct released {
	int fd;
	char pending[4096];
	size_t pending_len;
	uint32_t listener, requests;
	char peer[64];
};

struct server {
	struct ev_loop *loop;
	struct http_server *http;	  /* NULL once destroyed */
	struct http_server_config config; /* may be changed before server_start() */
	int listener;
	uint16_t port;
	char path[108]; /* of a Unix socket, else "" */

	/* What the application does. */
	handler_fn *handler;
	handler_fn *on_body;	   /* default: collect into `body` */
	handler_fn *on_writable;   /* default: count */
	struct http_request *held; /* what a handler left open: the last one */
	struct buf body;
	bool body_ended;
	uint64_t left; /* for handlers that stream */

	/* What happened. */
	unsigned int requests, aborts, writables, accesses, refusals, drained;
	int access_status, refused_status;
	uint64_t access_bytes;
	double access_seconds;
	char access_target[256], access_client[64], refused_why[128];
	struct released released[RELEASED_MAX];
	size_t released_count;
	bool refuse_release;
};

struct client {
	struct ev_loop *loop;
	ev_io reader;
	int fd;
	struct buf in;
	bool eof, reset;
};

/* A response as the client saw it. */
struct reply {
	int status;
	char head[8192];
	char body[65536]; /* the beginning, NUL-terminated */
	size_t body_len;  /* all of it */
	bool chunked, has_length;
};

/* One turn of the loop; fails the test with `what` after some seconds without any event. */
void turn(struct ev_loop *loop, const char *what);
#define WAIT_FOR(loop, condition) \
	while (!(condition))      \
	turn(loop, #condition)

/* A server on 127.0.0.1 with default limits, not started yet. */
void server_init(struct server *s, struct ev_loop *loop, handler_fn *handler);
void server_init_unix(struct server *s, struct ev_loop *loop, handler_fn *handler);
void server_start(struct server *s);
/* Without a listener of its own, for adopting; uses `other`'s listening socket. */
void server_start_beside(struct server *s, struct ev_loop *loop, handler_fn *handler,
			 struct server *other);
void server_finish(struct server *s);
/* http_server_config.release: keeps the connection in owner's `released`. */
bool take_release(void *owner, const struct http_release *r);

/* Handlers that tests share. */
void say_hello(struct server *s, struct http_request *req);
void hold(struct server *s, struct http_request *req); /* leaves it open in s->held */
void read_then_hello(struct server *s,
		     struct http_request *req);	       /* collects the body, then answers */
void echo(struct server *s, struct http_request *req); /* body out as it comes in, chunked */
/* Reads what there is of the body into s->body. */
void collect(struct server *s, struct http_request *req);

void client_connect(struct client *c, struct server *s);
/* Around a socket that exists. */
void client_init(struct client *c, struct ev_loop *loop, int fd);
/* Closes; nothing for a client that is zeroed or finished. */
void client_finish(struct client *c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, const void *data, size_t len);
/* Sends what the socket takes at once; returns how much that was, 0 if none, -1 if it is broken. */
ssize_t client_try_send(struct client *c, const void *data, size_t len);
/* Stops and resumes reading. */
void client_pause(struct client *c, bool paused);
/* The next response; `head_only` says that it answers HEAD. The body of a close-delimited one ends at EOF. */
void client_reply(struct client *c, struct reply *r, bool head_only);
/* The same, with status and body checked. */
void client_expect(struct client *c, int status, const char *body);
void client_expect_close(struct client *c);
/* Whether the head has the line "name: value", as it was sent. */
bool reply_has(const struct reply *r, const char *line);
/* One server with one client, for most tests. Not started yet after the first, so that limits can be set. */
struct fixture {
	struct ev_loop *loop;
	struct server server;
	struct client client;
	struct reply reply;
};

int fixture_setup(void **state);
int fixture_setup_started(void **state);
void fixture_start(struct fixture *f);
int fixture_teardown(void **state);

/* Lets the loop run for a moment in which nothing is expected to happen. */
void settle(struct ev_loop *loop);
/*
 * Returns when time limits of `ms` that began before have passed: a connection to a server with such a limit,
 * in a loop of its own, has been closed. The test's own loop does not run meanwhile.
 */
void outlast(unsigned int ms);

#endif
