/* Limits and time limits of the HTTP server, as a value that options fill in and workers are sent. */
#ifndef COMMON_HTTP_LIMITS_H
#define COMMON_HTTP_LIMITS_H

#include <stdint.h>

/* 0 means "none" in each. */
struct http_limits {
	uint64_t body_max;		/* bytes; --limit-body */
	uint32_t request_line_max;	/* bytes; --limit-request-line */
	uint32_t header_max;		/* bytes of one field line; --limit-header */
	uint32_t headers_max;		/* count; --limit-headers */
	uint32_t head_max;		/* bytes of the whole head; --limit-head */
	uint32_t connections_max;	/* open at once in one worker; --max-connections */
	uint32_t concurrency;		/* requests in flight, else 503; --limit-concurrency */
	uint64_t requests_max;		/* then the worker is replaced; --max-requests */
	uint64_t header_timeout_ms;	/* first byte of a head to its end; --timeout-header */
	uint64_t body_timeout_ms;	/* between two reads of a body; --timeout-body */
	uint64_t keep_alive_timeout_ms; /* idle between requests; --timeout-keep-alive */
	uint64_t write_timeout_ms;	/* no progress while writing; --timeout-write */
};

/* The defaults of every limit: safe for a server that faces the internet. */
static inline void http_limits_default(struct http_limits *l)
{
	*l = (struct http_limits){
		.body_max = 100u * 1024 * 1024,
		.request_line_max = 8 * 1024,
		.header_max = 16 * 1024,
		.headers_max = 100,
		.head_max = 64 * 1024,
		.connections_max = 10000,
		.header_timeout_ms = 10 * 1000,
		.body_timeout_ms = 30 * 1000,
		.keep_alive_timeout_ms = 75 * 1000,
		.write_timeout_ms = 60 * 1000,
	};
}

#endif
