/* The Date field, made once a second. */
#ifndef DAEMON_HTTP_DATE_H
#define DAEMON_HTTP_DATE_H

#include <stddef.h>
#include <time.h>

#define HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7) */

struct date {
	time_t when;
	char text[HTTP_DATE_LEN + 1];
};

/* The text for `now`; computed anew only when the second has changed. A zeroed struct is valid. */
const char *date_text(struct date *d, time_t now);

#endif
