/*
 * Looks at the raw bytes of a request head before the parser does, and refuses what the parser would let
 * through: bare LF, folded lines, control bytes, odd white space, missing or doubled Host, framing that
 * another server might read differently (RFC 9112 §2.2, §3, §5, §6.1, §11.2). Also measures it against the limits.
 *
 * Pure and incremental: each byte is looked at once, however the head is cut into pieces.
 */
#ifndef DAEMON_HTTP_PRESCAN_H
#define DAEMON_HTTP_PRESCAN_H

#include "common/attr.h"
#include "common/http_limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Progress through one head. Zeroed where a head begins; offsets count from there. */
struct prescan {
	size_t pos;	     /* bytes done; once complete, the length of the head */
	size_t start;	     /* where the request line begins: an empty line before it is skipped */
	size_t line;	     /* where the line that is being looked at begins */
	uint32_t fields;     /* field lines so far */
	uint32_t method_len; /* 0: the request line has not been seen yet */
	uint32_t target_len; /* the target begins at start + method_len + 1 */
	uint32_t authority;  /* length of "http://host:80" in an absolute target, else 0 */
	uint8_t minor;	     /* HTTP/1.x */
	uint8_t seen;	     /* enum field_seen */
	bool expect;	     /* "Expect: 100-continue" of a 1.1 client */
	size_t host;	     /* the Host value */
	uint32_t host_len;
};

struct prescan_refusal {
	int status;	 /* 400, 414, 417, 431, 501, 505 */
	const char *why; /* static text for the log and the client */
};

/*
 * `p` holds the head's bytes from its first on, len of them so far. Returns 1 when the head is complete
 * and good: it is the s->pos first bytes. 0: more bytes are needed. -EBADMSG: refused, *r says why.
 */
int prescan_feed(struct prescan *s, const char *p, size_t len, const struct http_limits *limits,
		 struct prescan_refusal *r) BB_NODISCARD;

#endif
