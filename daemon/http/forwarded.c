/* X-Forwarded-*: the list of trusted peers, and the walk back through the chain of proxies. */
#include "daemon/http/forwarded.h"

#include "daemon/http/chars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes the last member off a comma-separated list. False when nothing is left. */
static bool pop_member(const char *p, size_t *len, struct http_str *member)
{
	if (*len == 0)
		return false;
	const char *comma = memrchr(p, ',', *len);
	const char *from = comma ? comma + 1 : p;

	*member = (struct http_str){from, (size_t)(p + *len - from)};
	*len = comma ? (size_t)(comma - p) : 0;
	chars_trim(&member->p, &member->len);
	return true;
}

int forwarded_init(struct forwarded *f, const char *list)
{
	size_t len = list ? strlen(list) : 0;
	struct http_str member;
	int rc = 0;

	*f = (struct forwarded){.count = 0};
	if (len == 0)
		return 0;
	f->networks = calloc(len, sizeof(*f->networks)); /* each takes more than one character */
	if (!f->networks)
		return -ENOMEM;
	while (rc == 0 && pop_member(list, &len, &member)) {
		if (member.len == 0)
			continue;
		if (member.len == 1 && member.p[0] == '*')
			f->everybody = true;
		else
			rc = network_parse(&f->networks[f->count++], member.p, member.len);
	}
	if (rc < 0)
		forwarded_finish(f);
	return rc;
}

void forwarded_finish(struct forwarded *f)
{
	free(f->networks);
	*f = (struct forwarded){.count = 0};
}

static bool trusted(const struct forwarded *f, const struct addr *a)
{
	struct in6_addr ip;

	if (f->everybody || !a->host[0])
		return true;
	if (ip_parse(&ip, a->host, strlen(a->host)) < 0)
		return false;
	for (size_t i = 0; i < f->count; i++) {
		if (network_has(&f->networks[i], &ip))
			return true;
	}
	return false;
}

/* Walks one header's list from its end. False when the client was found, or the chain makes no sense. */
static bool walk_back(const struct forwarded *f, struct http_str list, struct addr *client)
{
	struct http_str member;

	while (pop_member(list.p, &list.len, &member)) {
		struct addr a;

		if (member.len == 0 || addr_parse(&a, member.p, member.len) < 0)
			return false;
		*client = a;
		if (!trusted(f, &a))
			return false;
	}
	return true;
}

static const char *scheme_of(struct http_str list, const char *otherwise)
{
	struct http_str last;

	if (!pop_member(list.p, &list.len, &last))
		return otherwise;
	if (chars_equal_nocase(last.p, last.len, "https") ||
	    chars_equal_nocase(last.p, last.len, "wss"))
		return "https";
	if (chars_equal_nocase(last.p, last.len, "http") ||
	    chars_equal_nocase(last.p, last.len, "ws"))
		return "http";
	return otherwise;
}

void forwarded_apply(const struct forwarded *f, const struct addr *peer,
		     const struct http_header *headers, size_t count, struct addr *client,
		     const char **scheme)
{
	bool walking = true, scheme_found = false;

	if (!trusted(f, peer))
		return;
	for (size_t i = count; i-- > 0;) {
		const struct http_header *h = &headers[i];

		if (walking && chars_equal_nocase(h->name.p, h->name.len, "x-forwarded-for")) {
			walking = walk_back(f, h->value, client);
		} else if (!scheme_found &&
			   chars_equal_nocase(h->name.p, h->name.len, "x-forwarded-proto")) {
			*scheme = scheme_of(h->value, *scheme);
			scheme_found = true;
		}
	}
}
