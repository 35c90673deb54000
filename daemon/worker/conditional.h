/* Conditional requests (RFC 9110 §13): whether a method is to be carried out. Pure. */
#ifndef DAEMON_WORKER_CONDITIONAL_H
#define DAEMON_WORKER_CONDITIONAL_H

#include "daemon/http/app.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What a representation can be recognized by. Neither is there for a file that changed just now. */
struct validators {
	const char *etag; /* strong, quotes included; NULL: none */
	time_t modified;  /* 0: none */
	time_t now;
};

enum condition {
	CONDITION_PROCEED,
	CONDITION_NOT_MODIFIED, /* 304 */
	CONDITION_FAILED,	/* 412 */
};

/*
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in §13.2.2's order,
 * for GET and HEAD.
 */
enum condition conditional_check(const struct http_header *headers, size_t count,
				 const struct validators *v);

/* Whether a Range may be honoured: there is no If-Range, or it names this very representation. */
bool conditional_range_allowed(const struct http_header *headers, size_t count,
			       const struct validators *v);

#endif
