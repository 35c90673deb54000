/* Text from people to values. */
#include "common/parse.h"

#include "common/attr.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Reads digits at *s and moves it behind them. -EINVAL without any, -ERANGE on overflow. */
static int take_digits(const char **s, uint64_t *v)
{
	const char *p = *s;
	uint64_t sum = 0;
	bool over = false;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			over = true;
		else
			sum = sum * 10 + digit;
	}
	*s = p;
	if (over)
		return -ERANGE;
	*v = sum;
	return 0;
}

/* The whole string is digits. */
static int whole_number(const char *s, uint64_t *v)
{
	const char *p = s;
	int err = take_digits(&p, v);

	return err != -EINVAL && *p != '\0' ? -EINVAL : err;
}

int parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	uint64_t n;
	int err = whole_number(s, &n);

	if (err)
		return err;
	if (n < min || n > max)
		return -ERANGE;
	*v = n;
	return 0;
}

int parse_int(const char *s, int64_t min, int64_t max, int64_t *v)
{
	bool negative = *s == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t n;
	int err = whole_number(s + negative, &n);

	if (err)
		return err;
	if (n > limit)
		return -ERANGE;

	/* Negated as unsigned, since INT64_MIN has no positive counterpart. */
	int64_t value = (int64_t)(negative ? -n : n);

	if (value < min || value > max)
		return -ERANGE;
	*v = value;
	return 0;
}

int parse_bool(const char *s, bool *v)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"1", true},  {"true", true},	{"yes", true}, {"on", true},
		{"0", false}, {"false", false}, {"no", false}, {"off", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(s, words[i].word) != 0)
			continue;
		*v = words[i].value;
		return 0;
	}
	return -EINVAL;
}

int parse_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	const char *p = s;
	unsigned shift = 0;
	uint64_t n = 0;
	int err = take_digits(&p, &n);

	if (err == -EINVAL)
		return err;

	const char *unit = *p ? strchr(units, tolower((unsigned char)*p)) : NULL;

	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		p++;
	}
	if (*p && strcasecmp(p, "b") != 0 && !(unit && strcasecmp(p, "ib") == 0))
		return -EINVAL;
	if (err || n > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = n << shift;
	return 0;
}

static int unit_ms(const char *s, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60 * 1000}, {"h", 3600 * 1000}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcasecmp(s, units[i].name) != 0)
			continue;
		*ms = units[i].ms;
		return 0;
	}
	return -EINVAL;
}

int parse_seconds(const char *s, uint64_t *ms)
{
	const char *p = s;
	uint64_t whole = 0, fraction = 0, scale = 1, unit;
	int err = take_digits(&p, &whole);

	if (err == -EINVAL)
		return err;
	if (*p == '.') {
		const char *dot = p++;

		if (take_digits(&p, &fraction) || p - dot > 10)
			return -EINVAL;
		for (ptrdiff_t i = p - dot - 1; i > 0; i--)
			scale *= 10;
	}
	if (unit_ms(p, &unit))
		return -EINVAL;
	if (err || whole >= UINT64_MAX / unit)
		return -ERANGE;
	/* Rounded up: a time that somebody asked for never becomes 0, which would mean "none". */
	*ms = whole * unit + (fraction * unit + scale - 1) / scale;
	return 0;
}
