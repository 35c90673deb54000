/* Dates of HTTP: the fixed form, and the two obsolete ones that recipients must still read. */
#include "daemon/worker/http_date.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *http_date_format(time_t t, char out[HTTP_DATE_SIZE])
{
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	snprintf(out, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
		 tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
		 tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
	return out;
}

static bool month_parse(const char *name, struct tm *tm)
{
	for (int i = 0; i < 12; i++) {
		if (strcmp(months[i], name) == 0) {
			tm->tm_mon = i;
			return true;
		}
	}
	return false;
}

/* A year of two digits that seems more than 50 years ahead means the past century. */
static int year_expand(int two_digits, time_t now)
{
	struct tm tm = {0};
	int this_year, year;

	gmtime_r(&now, &tm);
	this_year = tm.tm_year + 1900;
	year = this_year - this_year % 100 + two_digits;
	return year > this_year + 50 ? year - 100 : year;
}

/*
 * Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
 * Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
 * Sun Nov  6 08:49:37 1994          asctime(3)
 */
static bool scan(const char *s, time_t now, struct tm *tm)
{
	char month[4];
	int year, end = 0;

	if (sscanf(s, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &tm->tm_mday, month, &year,
		   &tm->tm_hour, &tm->tm_min, &tm->tm_sec, &end) == 6 &&
	    end > 0)
		;
	else if (sscanf(s, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &tm->tm_mday, month,
			&year, &tm->tm_hour, &tm->tm_min, &tm->tm_sec, &end) == 6 &&
		 end > 0)
		year = year_expand(year, now);
	else if (sscanf(s, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", month, &tm->tm_mday,
			&tm->tm_hour, &tm->tm_min, &tm->tm_sec, &year, &end) != 6 ||
		 end == 0)
		return false;
	tm->tm_year = year - 1900;
	return s[end] == '\0' && month_parse(month, tm);
}

static bool in_range(const struct tm *tm)
{
	return tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 23 &&
	       tm->tm_min >= 0 && tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

int http_date_parse(const char *s, size_t len, time_t now, time_t *t)
{
	char text[40];
	struct tm tm = {0};

	if (len >= sizeof(text) || memchr(s, '\0', len))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	if (!scan(text, now, &tm) || !in_range(&tm))
		return -EINVAL;
	*t = timegm(&tm);
	return 0;
}
