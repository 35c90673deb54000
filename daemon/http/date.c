/* IMF-fixdate, without the locale that strftime(3) would ask. */
#include "daemon/http/date.h"

#include <stdio.h>

static const char *format(struct date *d, time_t now)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		gmtime_r(&(time_t){0}, &tm);
	snprintf(d->text, sizeof(d->text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		 tm.tm_mday % 100, months[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour % 100,
		 tm.tm_min % 100, tm.tm_sec % 100);
	d->when = now;
	return d->text;
}

const char *date_text(struct date *d, time_t now)
{
	return d->text[0] && d->when == now ? d->text : format(d, now);
}
