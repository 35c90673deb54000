/*
 * The HTTP/1.1 server (RFC 9110, 9112): listeners, connections, limits, draining.
 *
 * Draining never loses a request and never closes a connection that a client may be writing to:
 *
 *   running ⇄ paused    paused: accepts nothing, reads nothing on idle connections
 *      └──────┴► draining   requests in flight finish; each connection at a message boundary is
 *                           released to `release`, or, without one, closed after its response
 */
#ifndef DAEMON_HTTP_SERVER_H
#define DAEMON_HTTP_SERVER_H

#include "common/attr.h"
#include "common/http_limits.h"
#include "daemon/http/app.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct http_server;

/*
 * One finished request, for the access log. Pointers are valid during the call. Requests whose client left
 * before the response began are reported too, with status 499.
 */
struct http_access {
	struct http_str method, target;
	int minor; /* HTTP/1.x */
	int status;
	const char *client; /* "127.0.0.1:5312", or "" */
	uint64_t bytes;	    /* of the response body */
	double seconds; /* from the first byte of the head to the last byte handed to the kernel */
};

/* A connection at a message boundary, given away. */
struct http_release {
	int fd;		     /* the receiver owns it */
	const char *pending; /* bytes read that belong to no request yet */
	size_t pending_len;
	uint32_t listener; /* index in http_server_config.listeners */
	uint32_t requests; /* served so far */
	const char *peer;  /* "127.0.0.1:5312", "[::1]:80", "" */
};

struct http_server_config {
	struct ev_loop *loop;
	const int
		*listeners; /* listening sockets, non-blocking; the server closes them at finish */
	size_t listener_count;
	struct http_limits limits;
	const char *
		extra_header; /* "Blackbulld-Generation: 7\r\n", sent with each response, or NULL */
	/*
	 * Whose X-Forwarded-For and -Proto are believed: comma-separated addresses, networks, or "*"; NULL:
	 * nobody's. Peers on Unix sockets are believed as soon as anybody is.
	 */
	const char *forwarded_allow_ips;

	const struct http_app_ops *ops;
	void *app;

	void *owner; /* first argument of the callbacks below */
	void (*access)(void *owner, const struct http_access *a);		       /* or NULL */
	void (*refused)(void *owner, const char *client, int status, const char *why); /* or NULL */
	/*
	 * Draining: takes an idle connection. Called from http_server_drain(), http_response_end() or the
	 * loop. After false it is served here to its end: what is pending is still answered, with
	 * "Connection: close".
	 */
	bool (*release)(void *owner, const struct http_release *r); /* or NULL */
	/* Draining: nothing is left. Called from the loop, once. The server may be destroyed in it. */
	void (*drained)(void *owner);
};

/*
 * Copies the configuration's strings. Opens no descriptor of its own, and takes the listeners on success only.
 * SIGPIPE must be ignored: sendfile(2) cannot be told not to raise it. Returns 0 or -errno (-EINVAL:
 * forwarded_allow_ips).
 */
int http_server_create(struct http_server **s, const struct http_server_config *c) BB_NODISCARD;
/*
 * Aborts what is in flight and closes everything. NULL is allowed. Of the server's own callbacks only
 * `drained` may call it.
 */
void http_server_destroy(struct http_server *s);

/* Starts accepting. */
void http_server_start(struct http_server *s);
void http_server_pause(struct http_server *s);
void http_server_resume(struct http_server *s);
/* Cannot be undone. `drained` may be called before this returns only from a later loop turn. */
void http_server_drain(struct http_server *s);

/* Serves a connection that another process released. Takes fd, on errors too. Returns 0 or -errno. */
int http_server_adopt(struct http_server *s, int fd, const char *peer, uint32_t listener,
		      uint32_t requests, const void *pending, size_t pending_len) BB_NODISCARD;

struct http_server_stats {
	uint64_t requests;    /* begun */
	uint64_t accepted;    /* connections */
	uint32_t connections; /* open */
	uint32_t active;      /* requests in flight */
};
struct http_server_stats http_server_stats(const struct http_server *s);

#endif
