/* Values as people read them. */
#include "ctl/text.h"

#include "common/path.h"

#include <string.h>
#include <time.h>

#define MINUTE_MS 60000.0
#define HOUR_MS	  (60 * MINUTE_MS)
#define DAY_MS	  (24 * HOUR_MS)

char *text_duration(char out[TEXT_LEN], double ms)
{
	int64_t minutes = (int64_t)(ms / MINUTE_MS);

	if (ms < 0)
		ms = 0;
	if (ms < 9.95)
		snprintf(out, TEXT_LEN, "%.1f ms", ms);
	else if (ms < 999.5)
		snprintf(out, TEXT_LEN, "%.0f ms", ms);
	else if (ms < 9950)
		snprintf(out, TEXT_LEN, "%.1f s", ms / 1000);
	else if (ms < MINUTE_MS - 500)
		snprintf(out, TEXT_LEN, "%.0f s", ms / 1000);
	else if (ms < HOUR_MS)
		snprintf(out, TEXT_LEN, "%d min", minutes < 1 ? 1 : (int)minutes);
	else if (ms < DAY_MS)
		snprintf(out, TEXT_LEN, "%d h %d min", (int)(minutes / 60), (int)(minutes % 60));
	else
		snprintf(out, TEXT_LEN, "%lld d %d h", (long long)(minutes / 1440),
			 (int)(minutes / 60 % 24));
	return out;
}

char *text_bytes(char out[TEXT_LEN], uint64_t bytes)
{
	static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, TEXT_LEN, "%d B", (int)bytes);
		return out;
	}
	while (value >= 1000 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, TEXT_LEN, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

char *text_time(char out[TEXT_LEN], const char *rfc3339, struct wall now)
{
	struct wall t;
	struct tm then, today;

	if (!rfc3339 || wall_parse(rfc3339, &t)) {
		snprintf(out, TEXT_LEN, "-");
		return out;
	}

	time_t seconds = (time_t)(t.ns / 1000000000), now_seconds = (time_t)(now.ns / 1000000000);

	localtime_r(&seconds, &then);
	localtime_r(&now_seconds, &today);
	if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		strftime(out, TEXT_LEN, "%H:%M:%S", &then);
	else
		strftime(out, TEXT_LEN, "%Y-%m-%d %H:%M:%S", &then);
	return out;
}

void text_put(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

void text_put_path(FILE *out, const struct style *s, const char *path)
{
	size_t n = strlen(s->cwd);

	if (n > 1 && path_within(path, s->cwd))
		path = path[n] ? path + n + 1 : ".";
	text_put(out, path);
}

void text_color(FILE *out, const struct style *s, enum text_color color)
{
	static const char *const codes[] = {
		[TEXT_PLAIN] = "\033[0m",  [TEXT_BOLD] = "\033[1m",   [TEXT_DIM] = "\033[2m",
		[TEXT_RED] = "\033[1;31m", [TEXT_GREEN] = "\033[32m", [TEXT_YELLOW] = "\033[33m",
	};

	if (s->color)
		fputs(codes[color], out);
}

enum text_color text_state_color(const char *state)
{
	static const struct {
		const char *state;
		enum text_color color;
	} colors[] = {
		{"serving", TEXT_GREEN},       {"ready", TEXT_GREEN},	 {"failed", TEXT_RED},
		{"reloading", TEXT_YELLOW},    {"booting", TEXT_YELLOW}, {"building", TEXT_YELLOW},
		{"handing-over", TEXT_YELLOW}, {"paused", TEXT_YELLOW},	 {"requested", TEXT_YELLOW},
		{"stopping", TEXT_YELLOW},     {"retired", TEXT_DIM},	 {"draining", TEXT_DIM},
	};

	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (strcmp(state, colors[i].state) == 0)
			return colors[i].color;
	return TEXT_PLAIN;
}
