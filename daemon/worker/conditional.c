/* Conditional requests (RFC 9110 §13). */
#include "daemon/worker/conditional.h"

#include "daemon/worker/http_date.h"

#include <string.h>
#include <strings.h>

enum comparison { STRONG, WEAK };

static bool name_is(const struct http_header *h, const char *name)
{
	return h->name.len == strlen(name) && strncasecmp(h->name.p, name, h->name.len) == 0;
}

static const struct http_header *find(const struct http_header *headers, size_t count,
				      const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(&headers[i], name))
			return &headers[i];
	return NULL;
}

/*
 * The entity tag at the front of *list, or an empty one at its end or where it is malformed; *list
 * moves behind it and the comma. Tags may hold commas, so they are not to be split at them.
 */
static struct http_str next_tag(struct http_str *list)
{
	const char *p = list->p, *end = p + list->len, *quote;
	struct http_str tag;

	while (p < end && strchr(" \t,", *p) && *p)
		p++;
	tag.p = p;
	if (end - p >= 2 && p[0] == 'W' && p[1] == '/')
		p += 2;
	quote = p < end && *p == '"' ? memchr(p + 1, '"', (size_t)(end - p - 1)) : NULL;
	tag.len = quote ? (size_t)(quote + 1 - tag.p) : 0;
	list->p = quote ? quote + 1 : end;
	list->len = (size_t)(end - list->p);
	return tag;
}

/* RFC 9110 §8.8.3.2. Ours is always strong. */
static bool tag_matches(struct http_str tag, const char *ours, enum comparison how)
{
	if (how == WEAK && tag.len > 2 && tag.p[0] == 'W') {
		tag.p += 2;
		tag.len -= 2;
	}
	return ours && tag.len == strlen(ours) && memcmp(tag.p, ours, tag.len) == 0;
}

/* Whether one of the tags of one field line is ours. "*" matches whatever exists. */
static bool list_matches(struct http_str list, const char *ours, enum comparison how)
{
	struct http_str tag;

	if (list.len == 1 && list.p[0] == '*')
		return true;
	while ((tag = next_tag(&list)).len > 0)
		if (tag_matches(tag, ours, how))
			return true;
	return false;
}

/* The same over all lines of that name, which count as one list (§5.3). */
static bool any_matches(const struct http_header *headers, size_t count, const char *name,
			const char *ours, enum comparison how)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(&headers[i], name) && list_matches(headers[i].value, ours, how))
			return true;
	return false;
}

/* Whether h is a date that can be compared; a field without one is to be ignored. */
static bool has_date(const struct http_header *h, const struct validators *v, time_t *t)
{
	return h && v->modified != 0 && http_date_parse(h->value.p, h->value.len, v->now, t) == 0;
}

enum condition conditional_check(const struct http_header *headers, size_t count,
				 const struct validators *v)
{
	time_t t;

	if (find(headers, count, "if-match")) {
		if (!any_matches(headers, count, "if-match", v->etag, STRONG))
			return CONDITION_FAILED;
	} else if (has_date(find(headers, count, "if-unmodified-since"), v, &t)) {
		if (v->modified > t)
			return CONDITION_FAILED;
	}
	if (find(headers, count, "if-none-match")) {
		if (any_matches(headers, count, "if-none-match", v->etag, WEAK))
			return CONDITION_NOT_MODIFIED;
	} else if (has_date(find(headers, count, "if-modified-since"), v, &t)) {
		if (v->modified <= t)
			return CONDITION_NOT_MODIFIED;
	}
	return CONDITION_PROCEED;
}

/*
 * A date is strong enough for a range only when the file cannot have changed twice in its second
 * (§8.8.2.2).
 */
static bool date_is_strong(const struct validators *v)
{
	return v->now - v->modified >= 2;
}

bool conditional_range_allowed(const struct http_header *headers, size_t count,
			       const struct validators *v)
{
	const struct http_header *h = find(headers, count, "if-range");
	time_t t;

	if (!h)
		return true;
	if (memchr(h->value.p, '"', h->value.len))
		return tag_matches(h->value, v->etag, STRONG);
	return has_date(h, v, &t) && t == v->modified && date_is_strong(v);
}
