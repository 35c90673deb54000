/* Dates of HTTP (RFC 9110 §5.6.7). Pure; English whatever the locale is. */
#ifndef DAEMON_WORKER_HTTP_DATE_H
#define DAEMON_WORKER_HTTP_DATE_H

#include "common/attr.h"

#include <stddef.h>
#include <time.h>

#define HTTP_DATE_SIZE 32

/* "Sun, 06 Nov 1994 08:49:37 GMT". Returns out. */
char *http_date_format(time_t t, char out[HTTP_DATE_SIZE]);
/* Reads that form and the two obsolete ones. `now` resolves years of two digits. 0 or -EINVAL. */
int http_date_parse(const char *s, size_t len, time_t now, time_t *t) BB_NODISCARD;

#endif
