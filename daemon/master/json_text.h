/* Bytes of unknown origin into JSON strings, and JSON objects into lines of bounded length. */
#ifndef DAEMON_MASTER_JSON_TEXT_H
#define DAEMON_MASTER_JSON_TEXT_H

#include "common/attr.h"

#include <jansson.h>
#include <stddef.h>

struct strv;

/* How we write JSON for programs: no spaces, and 144.746 rather than 144.74600000000001. */
#define JSON_TEXT_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* A string of what file names and workers' output may be: bytes that are no UTF-8 become U+FFFD. NULL: no memory. */
json_t *json_text(const char *s, size_t len);
/* The same as an allocated C string, NUL bytes replaced too. NULL: no memory. */
char *text_clean(const char *s, size_t len);
/* An array of such strings. NULL: no memory. */
json_t *json_texts(const struct strv *strings);

/*
 * For the hand-over, where every byte counts: a string, or {"hex": "…"} of what JSON cannot hold. NULL: no memory,
 * or `s` is NULL.
 */
json_t *json_bytes(const char *s);
/* What json_bytes() was given, allocated. NULL: no memory, or `j` is neither. */
char *json_bytes_value(const json_t *j);
/* The same for lists. The second appends; it returns 0, -EBADMSG or -ENOMEM. */
json_t *json_bytes_list(const struct strv *strings);
int json_bytes_values(const json_t *list, struct strv *out);

/*
 * The object as one compact line, allocated. If it is longer than `max` bytes, long arrays in it lose their end,
 * long strings their beginning (the end of a traceback is what counts), and "truncated":true is added.
 * NULL when memory runs out or nothing helps.
 */
char *json_line(json_t *object, size_t max);

#endif
