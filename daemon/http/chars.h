/* Which bytes may stand where in a message (RFC 9110 §5.5, §5.6.2; RFC 9112 §3.2). One table, no locale. */
#ifndef DAEMON_HTTP_CHARS_H
#define DAEMON_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>

enum char_class {
	CHAR_TOKEN = 1,	 /* field names, methods */
	CHAR_METHOD = 2, /* a token without lower-case letters */
	CHAR_VALUE = 4,	 /* field values: visible, SP, HTAB, obs-text */
	CHAR_TARGET = 8, /* request targets: visible ASCII but '#' */
	CHAR_HOST = 16,	 /* host[:port] */
};

/* Whether every byte of p belongs to the class; true for no bytes at all. */
bool chars_are(const char *p, size_t len, enum char_class class);

/* ASCII only. */
char char_lower(char c);
/* Whether p equals the lower-case name `lower`, in any case. */
bool chars_equal_nocase(const char *p, size_t len, const char *lower);
/* Whether the comma-separated list p has the member `lower`, in any case (RFC 9110 §5.6.1). */
bool chars_list_has(const char *p, size_t len, const char *lower);
/* Strips SP and HTAB from both ends. */
void chars_trim(const char **p, size_t *len);

#endif
