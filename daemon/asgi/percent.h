/* Percent-decoding of a path (RFC 3986 §2.1). Pure. */
#ifndef DAEMON_ASGI_PERCENT_H
#define DAEMON_ASGI_PERCENT_H

#include <stddef.h>

/*
 * Writes `src` with its escapes decoded to `dst`, which has room for `len` bytes, and returns how many it wrote. What
 * is no escape ("%", "%4", "%zz") stays as it is, as urllib.parse.unquote() has it.
 */
size_t percent_decode(const char *src, size_t len, char *dst);

#endif
