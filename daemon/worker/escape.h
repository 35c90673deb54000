/*
 * Bytes of unknown origin (file names, tracebacks, request targets) made safe to stand in a page,
 * a JSON string, an address or a line of a log. Pure. Each returns what buf_add() returns; on
 * error a part may have been added.
 */
#ifndef DAEMON_WORKER_ESCAPE_H
#define DAEMON_WORKER_ESCAPE_H

#include "common/attr.h"
#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* For text and quoted attributes. Bytes that are no UTF-8 become U+FFFD, control characters too. */
int escape_html(struct buf *out, const char *s, size_t len) BB_NODISCARD;
/* The inside of a JSON string (RFC 8259 §7). Bytes that are no UTF-8 become U+FFFD. */
int escape_json(struct buf *out, const char *s, size_t len) BB_NODISCARD;
/*
 * One segment of a path, percent-encoded down to what RFC 3986 calls unreserved, so that no name
 * is taken for a scheme, a host or a query. With `slashes` '/' stays, for whole paths.
 */
int escape_path(struct buf *out, const char *s, size_t len, bool slashes) BB_NODISCARD;
/* For a quoted field of a log: all but printable ASCII, '"' and '\' become \xNN. */
int escape_log(struct buf *out, const char *s, size_t len) BB_NODISCARD;

#endif
