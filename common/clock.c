/* Two clocks: monotonic for deciding, wall time for showing. */
#include "common/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000
#define NS_PER_MS     1000000

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

struct mono mono_now(void)
{
	return (struct mono){clock_ns(CLOCK_MONOTONIC)};
}

struct wall wall_now(void)
{
	return (struct wall){clock_ns(CLOCK_REALTIME)};
}

char *wall_format(struct wall t, char out[WALL_RFC3339_LEN])
{
	int64_t ns = t.ns % NS_PER_SECOND;
	time_t seconds = (time_t)(t.ns / NS_PER_SECOND);
	struct tm tm;

	if (ns < 0) {
		ns += NS_PER_SECOND;
		seconds--;
	}
	gmtime_r(&seconds, &tm);

	size_t n = strftime(out, WALL_RFC3339_LEN, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(out + n, WALL_RFC3339_LEN - n, ".%03dZ", (int)(ns / NS_PER_MS));
	return out;
}

/* Whether s looks like wall_format()'s output: digits where it has digits, and the same marks. */
static bool has_shape(const char *s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";

	if (strlen(s) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != shape[i])
			return false;
	return true;
}

/* The n digits at s, which are digits. */
static int number_at(const char *s, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum = sum * 10 + (s[i] - '0');
	return sum;
}

int wall_parse(const char *s, struct wall *t)
{
	if (!has_shape(s))
		return -EINVAL;

	struct tm tm = {
		.tm_year = number_at(s, 4) - 1900,
		.tm_mon = number_at(s + 5, 2) - 1,
		.tm_mday = number_at(s + 8, 2),
		.tm_hour = number_at(s + 11, 2),
		.tm_min = number_at(s + 14, 2),
		.tm_sec = number_at(s + 17, 2),
	};
	struct tm given = tm;
	int64_t seconds = timegm(&tm);

	/* timegm() makes the 31st of February a day in March: not what was written. */
	if (tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday ||
	    tm.tm_hour != given.tm_hour || tm.tm_min != given.tm_min || tm.tm_sec != given.tm_sec)
		return -EINVAL;
	if (seconds > INT64_MAX / NS_PER_SECOND - 1 || seconds < INT64_MIN / NS_PER_SECOND + 1)
		return -EINVAL;
	t->ns = seconds * NS_PER_SECOND + (int64_t)number_at(s + 20, 3) * NS_PER_MS;
	return 0;
}
