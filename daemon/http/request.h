/*
 * One request and its response, inside the server. Hosts see app.h.
 *
 * Objects are pooled with their memory: in steady state a request allocates nothing.
 */
#ifndef DAEMON_HTTP_REQUEST_H
#define DAEMON_HTTP_REQUEST_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/list.h"
#include "daemon/http/addr.h"
#include "daemon/http/app.h"
#include "daemon/http/prescan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unread body bytes above which the socket is left alone. */
#define REQUEST_BODY_HIGH (64 * 1024)

struct conn;
struct http_server;
struct parser;

enum response_framing {
	FRAMING_LENGTH,	 /* Content-Length */
	FRAMING_CHUNKED, /* HTTP/1.1 without a length */
	FRAMING_CLOSE,	 /* HTTP/1.0 without a length: until the connection ends */
	FRAMING_NONE,	 /* 204, 304, and every answer to HEAD */
};

struct response {
	struct buf fields; /* the host's header lines, as they will be sent */
	int status;	   /* 0: not begun */
	enum response_framing framing;
	uint64_t length; /* what the host's Content-Length says */
	uint64_t sent;	 /* body bytes given so far */
	bool has_length;
	bool has_date;
	bool has_server;
	bool wants_close;    /* the host said "Connection: close" */
	bool started;	     /* the head went out */
	bool waits_writable; /* http_response_body() said 1 */
};

struct http_request {
	struct conn *conn;
	struct list_node link; /* http_server.pool */
	struct parser *parser;
	void *data;  /* the host's */
	bool hosted; /* the host knows of it, and has not let go yet */

	/* The head. */
	char *arena; /* header table, then the head's bytes */
	size_t arena_size;
	struct http_header *headers;
	size_t header_count;
	struct http_str method, target, path, query;
	int minor;
	bool head_only; /* HEAD */
	bool keep_alive;
	const char *scheme;
	struct addr client; /* as a trusted proxy said, else the peer */

	/* The body. */
	struct buf body; /* decoded, not consumed yet */
	size_t lent;	 /* bytes at its front that the host has, until it calls again */
	uint64_t body_seen;
	uint64_t body_length;  /* announced; 0 if chunked */
	uint64_t body_left_at; /* body_seen when the response ended: the rest is thrown away */
	bool body_complete;
	bool body_waits;     /* http_request_read() said "nothing yet" */
	bool expects_100;    /* "100 Continue" is due when the host reads */
	struct mono started; /* first byte of the head; set only if somebody logs it */

	struct response response;
};

/*
 * Makes a request of the head that `s` accepted at `p` (s->pos bytes from p on). Returns 0; -ENOMEM; or
 * -EBADMSG with *why. On errors nothing is left.
 */
int request_create(struct http_server *server, struct conn *c, const char *p,
		   const struct prescan *s, struct http_request **out,
		   const char **why) BB_NODISCARD;
/* Back to the pool. NULL is allowed. */
void request_release(struct http_server *server, struct http_request *req);
/* Frees the pool. */
void request_pool_finish(struct http_server *server);

/* Bytes of body that the host has not seen yet. */
size_t request_unread(const struct http_request *req);
/* Gives back what the host had borrowed. Called before the body's memory is touched. */
void request_take_back(struct http_request *req);
/*
 * Decodes the `n` bytes that were just written behind the body's data (not committed yet). *used says how
 * many belonged to this request. Returns 0, -EBADMSG with *why, -EFBIG over the limit.
 */
int request_decode(struct http_request *req, const struct http_limits *limits, size_t n,
		   size_t *used, const char **why) BB_NODISCARD;

#endif
