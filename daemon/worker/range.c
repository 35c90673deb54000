/* One byte range of a representation (RFC 9110 §14). */
#include "daemon/worker/range.h"

#include <stdbool.h>
#include <strings.h>

struct cursor {
	const char *p;
	const char *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

/* Reads digits; a number beyond 64 bits counts as the largest, which no file reaches. */
static bool read_number(struct cursor *c, uint64_t *n)
{
	const char *begin = c->p;

	for (*n = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		unsigned int digit = (unsigned int)(*c->p - '0');

		*n = *n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *n * 10 + digit;
	}
	return c->p > begin;
}

/* "first-last", "first-" and "-length", as they stand. */
struct spec {
	bool has_first, has_last;
	uint64_t first, last;
};

static bool read_spec(struct cursor *c, struct spec *s)
{
	skip_blanks(c);
	s->has_first = read_number(c, &s->first);
	if (c->p == c->end || *c->p++ != '-')
		return false;
	s->has_last = read_number(c, &s->last);
	skip_blanks(c);
	if (s->has_first && s->has_last && s->first > s->last)
		return false;
	return c->p == c->end && (s->has_first || s->has_last);
}

enum range_verdict range_parse(const char *value, size_t len, uint64_t size, struct range *r)
{
	static const char unit[] = "bytes=";
	const size_t unit_len = sizeof(unit) - 1;
	struct cursor c = {value + unit_len, value + len};
	struct spec s = {0};
	uint64_t last;

	if (len < unit_len || strncasecmp(value, unit, unit_len) != 0 || !read_spec(&c, &s))
		return RANGE_WHOLE;
	if (!s.has_first) {
		if (s.last == 0)
			return RANGE_UNSATISFIABLE;
		if (size == 0) /* satisfiable, but Content-Range cannot say it */
			return RANGE_WHOLE;
		r->len = s.last < size ? s.last : size;
		r->first = size - r->len;
		return RANGE_PART;
	}
	if (s.first >= size)
		return RANGE_UNSATISFIABLE;
	last = s.has_last && s.last < size ? s.last : size - 1;
	r->first = s.first;
	r->len = last - s.first + 1;
	return RANGE_PART;
}
