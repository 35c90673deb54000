/*
 * The parser: llhttp behind an interface of our own, and the only place that knows it.
 *
 * A head comes whole (prescan.h found its end and accepted it), so every slice points into the caller's
 * memory. A body comes in pieces and is decoded in place: chunk framing is squeezed out.
 */
#ifndef DAEMON_HTTP_PARSER_H
#define DAEMON_HTTP_PARSER_H

#include "common/attr.h"
#include "common/http_limits.h"
#include "daemon/http/app.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parser;

int parser_create(struct parser **p) BB_NODISCARD;
void parser_destroy(struct parser *p);

struct parser_head {
	struct http_str target;
	size_t header_count;
	bool keep_alive;	 /* by version and Connection */
	bool chunked;		 /* the body's length is not known */
	uint64_t content_length; /* of the body; 0 if there is none or it is chunked */
};

/*
 * Parses a head that prescan accepted. `head` begins with the method, which is method_len bytes long. Header
 * names are lower-cased where they stand; at most `max` headers are written to the table. Names with '_' are
 * left out: a gateway maps them onto the names with '-' that a proxy in front may rely on.
 * Returns 0, or -EBADMSG with *why (static text).
 */
int parser_head(struct parser *p, char *head, size_t len, size_t method_len,
		struct http_header *table, size_t max, struct parser_head *out,
		const char **why) BB_NODISCARD;

/* Whether the message that parser_head() began has ended. */
bool parser_complete(const struct parser *p);

/*
 * Decodes `len` bytes that follow the head or the piece before. Afterwards the first *body bytes of data are
 * body, and *used bytes were taken (fewer than len only when the message has ended). Trailers are checked
 * against the limits and dropped. Returns 0, or -EBADMSG with *why.
 */
int parser_body(struct parser *p, char *data, size_t len, const struct http_limits *limits,
		size_t *body, size_t *used, const char **why) BB_NODISCARD;

#endif
