/* IMF-fixdate, without the locale that strftime(3) would ask. */
#include "daemon/http/date.h"

#include <string.h>

static void put_digits(char *p, int n, int value)
{
	for (; n > 0; value /= 10)
		p[--n] = (char)('0' + value % 10);
}

static const char *format(struct date *d, time_t now)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		gmtime_r(&(time_t){0}, &tm);
	memcpy(d->text, "Day, 00 Mon 0000 00:00:00 GMT", sizeof(d->text));
	memcpy(d->text, days[tm.tm_wday], 3);
	put_digits(d->text + 5, 2, tm.tm_mday);
	memcpy(d->text + 8, months[tm.tm_mon], 3);
	put_digits(d->text + 12, 4, tm.tm_year + 1900);
	put_digits(d->text + 17, 2, tm.tm_hour);
	put_digits(d->text + 20, 2, tm.tm_min);
	put_digits(d->text + 23, 2, tm.tm_sec);
	d->when = now;
	return d->text;
}

const char *date_text(struct date *d, time_t now)
{
	return d->text[0] && d->when == now ? d->text : format(d, now);
}
