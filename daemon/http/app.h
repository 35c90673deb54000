/*
 * What a host of the HTTP server implements (struct http_app_ops), and what it may call on a request.
 *
 * The server knows nothing of masters, Python or files. Everything happens on the loop's thread.
 * Life of a request:
 *
 *   on_request ──► http_request_read()* / http_response_*()* ──► http_response_end()
 *        │                     ▲ on_body          ▲ on_writable
 *        └──────────── on_abort (client gone, timed out, server stopping)
 *
 * After http_response_end() or inside on_abort the host must let go of `req`: it is invalid when the call
 * returns. All calls below may be made from within callbacks. Pipelined requests are started one
 * after the other, each when the one before it has ended.
 */
#ifndef DAEMON_HTTP_APP_H
#define DAEMON_HTTP_APP_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http_request;
struct ev_loop;

struct http_str {
	const char *p; /* not NUL-terminated */
	size_t len;
};

struct http_header {
	struct http_str name;  /* as sent; lower-cased for the host */
	struct http_str value; /* outer white space stripped */
};

struct http_app_ops {
	/* The head is complete and valid. The host stores its state with http_request_set_data(). */
	void (*on_request)(void *app, struct http_request *req);
	/* Body bytes, or the body's end, can be had by http_request_read() after it said "wait". */
	void (*on_body)(struct http_request *req);
	/* The output fell below the low-water mark after http_response_body() said 1. */
	void (*on_writable)(struct http_request *req);
	/* The client left, or a time limit struck. The request is gone when this returns. */
	void (*on_abort)(struct http_request *req);
};

/* The head, valid until the request ends. Order and duplicates of headers are kept. */
struct http_str http_request_method(const struct http_request *req);
struct http_str http_request_target(const struct http_request *req); /* as sent */
struct http_str http_request_path(const struct http_request *req);   /* before '?', not decoded */
struct http_str http_request_query(const struct http_request *req);  /* after '?', or empty */
int http_request_minor(const struct http_request *req);		     /* HTTP/1.x */
size_t http_request_header_count(const struct http_request *req);
const struct http_header *http_request_headers(const struct http_request *req);
/* First header of that lower-case name, or NULL. */
const struct http_str *http_request_header(const struct http_request *req, const char *name);

/* Addresses: host without port ("127.0.0.1", "::1"; "" and 0 for Unix sockets, then server_path). */
struct http_addr {
	const char *host;
	uint16_t port;
	const char *path; /* of a Unix socket, else NULL */
};
struct http_addr http_request_client(const struct http_request *req);
struct http_addr http_request_server(const struct http_request *req);
/* "http", or what a trusted proxy said. */
const char *http_request_scheme(const struct http_request *req);

void http_request_set_data(struct http_request *req, void *data);
void *http_request_data(const struct http_request *req);
struct ev_loop *http_request_loop(const struct http_request *req);

/*
 * Takes what has arrived of the body: *data is valid until the next call on req or return to the
 * loop. Returns 1: bytes, *more says whether the body goes on (*len may be 0 only with *more false);
 * 0: nothing yet, on_body will be called; -ECONNABORTED. Sends "100 Continue" if the client asked.
 * Trailers are checked and dropped.
 */
int http_request_read(struct http_request *req, const char **data, size_t *len, bool *more);

/*
 * Begins the response. Nothing is sent before the first body call, so a host may still replace it by calling
 * http_response_start() again until then (http_response_started() says whether bytes are out).
 * `status` 200..599 (1xx: http_response_informational). Returns 0 or -EINVAL.
 * The server itself adds Date, Server, Connection, and the framing: Content-Length given by the host is
 * obeyed and checked, otherwise chunked (or close for HTTP/1.0); Transfer-Encoding from the host is ignored.
 */
int http_response_start(struct http_request *req, int status) BB_NODISCARD;
/* Appends a header. -EINVAL for a name or value with bytes that RFC 9110 §5 forbids. */
int http_response_header(struct http_request *req, const char *name, size_t name_len,
			 const char *value, size_t value_len) BB_NODISCARD;
/*
 * Sends body bytes (copied or written at once). Returns 0; 1: taken, but the output is above the
 * high-water mark, so wait for on_writable; -EINVAL: more than Content-Length said (nothing is sent);
 * -ECONNABORTED: the client is gone, on_abort follows unless the host ends the response before.
 * For HEAD, 204, 205 and 304 the bytes are counted and dropped.
 * Small pieces are gathered until the response ends or the loop is about to block.
 */
int http_response_body(struct http_request *req, const void *data, size_t len) BB_NODISCARD;
/* Sends len bytes of fd from offset by sendfile(2) after what is queued. Takes fd, on errors too. */
int http_response_file(struct http_request *req, int fd, off_t offset, uint64_t len) BB_NODISCARD;
/*
 * Ends the response; req is invalid afterwards. When fewer bytes than Content-Length were given, or
 * the host died in the middle (http_response_abort), the connection is cut so that the client knows.
 */
void http_response_end(struct http_request *req);
/* The same after a failure: a 500 if nothing was sent yet, else the connection is cut. */
void http_response_abort(struct http_request *req);
/* Whole small response in one call: start, Content-Type, Content-Length, body, end. */
void http_response_simple(struct http_request *req, int status, const char *content_type,
			  const void *body, size_t len);
/* 103 Early Hints and the like: status 102..199 with "name: value\r\n" lines. HTTP/1.0 clients get none. */
int http_response_informational(struct http_request *req, int status, const char *lines,
				size_t len) BB_NODISCARD;
/* Whether the head went out already, so that the status can no longer be changed. */
bool http_response_started(const struct http_request *req);

/* The reason phrase of a status code (RFC 9110 §15), "Unknown" for others. */
const char *http_status_reason(int status);

#endif
