/* Addresses and networks, both ways between bytes and text. */
#include "daemon/http/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	*a = (struct addr){.port = 0};
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		inet_ntop(AF_INET, &in->sin_addr, a->host, sizeof(a->host));
		a->port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], a->host, sizeof(a->host));
		else
			inet_ntop(AF_INET6, &in6->sin6_addr, a->host, sizeof(a->host));
		a->port = ntohs(in6->sin6_port);
	}
}

size_t addr_format(const struct addr *a, char out[ADDR_TEXT_LEN])
{
	int n = 0;

	out[0] = '\0';
	if (strchr(a->host, ':'))
		n = snprintf(out, ADDR_TEXT_LEN, "[%s]:%u", a->host, (unsigned int)a->port);
	else if (a->host[0])
		n = snprintf(out, ADDR_TEXT_LEN, "%s:%u", a->host, (unsigned int)a->port);
	return (size_t)n;
}

int ip_parse(struct in6_addr *ip, const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, ip) == 1)
		return 0;
	if (inet_pton(AF_INET, copy, &v4) != 1)
		return -EINVAL;
	memset(ip, 0, sizeof(*ip));
	ip->s6_addr[10] = ip->s6_addr[11] = 0xff;
	memcpy(&ip->s6_addr[12], &v4, 4);
	return 0;
}

static int parse_number(const char *p, size_t len, unsigned int max, unsigned int *v)
{
	unsigned int n = 0;

	if (len == 0 || len > 5)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -EINVAL;
		n = n * 10 + (unsigned int)(p[i] - '0');
	}
	if (n > max)
		return -EINVAL;
	*v = n;
	return 0;
}

/* Splits "[v6]:port", "v4:port" and bare hosts; *port stays NULL without one. */
static int split_port(const char *text, size_t len, struct in6_addr *ip, const char **port)
{
	const char *close = len && text[0] == '[' ? memchr(text, ']', len) : NULL;
	const char *colon = memchr(text, ':', len);

	*port = NULL;
	if (close) {
		if (close + 1 < text + len) {
			if (close[1] != ':')
				return -EINVAL;
			*port = close + 2;
		}
		return ip_parse(ip, text + 1, (size_t)(close - text) - 1);
	}
	/* More than one colon is a bare IPv6 address. */
	if (colon && !memchr(colon + 1, ':', (size_t)(text + len - colon) - 1)) {
		*port = colon + 1;
		len = (size_t)(colon - text);
	}
	return ip_parse(ip, text, len);
}

int addr_parse(struct addr *a, const char *text, size_t len)
{
	struct sockaddr_in6 sa = {.sin6_family = AF_INET6};
	unsigned int number = 0;
	const char *port;

	if (len == 0) {
		*a = (struct addr){.port = 0};
		return 0;
	}
	int rc = split_port(text, len, &sa.sin6_addr, &port);
	if (rc == 0 && port)
		rc = parse_number(port, (size_t)(text + len - port), UINT16_MAX, &number);
	if (rc < 0)
		return rc;
	sa.sin6_port = htons((uint16_t)number);
	addr_from_sockaddr(a, (struct sockaddr *)&sa);
	return 0;
}

int network_parse(struct network *n, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	size_t host = slash ? (size_t)(slash - text) : len;
	bool v6 = memchr(text, ':', host) != NULL;
	unsigned int bits = v6 ? 128 : 32;
	struct in6_addr ip;

	if (slash && parse_number(slash + 1, len - host - 1, bits, &bits) < 0)
		return -EINVAL;
	if (ip_parse(&ip, text, host) < 0)
		return -EINVAL;
	*n = (struct network){.base = ip, .bits = v6 ? bits : bits + 96};
	return 0;
}

bool network_has(const struct network *n, const struct in6_addr *ip)
{
	unsigned int bytes = n->bits / 8;
	unsigned int rest = n->bits % 8;

	if (memcmp(n->base.s6_addr, ip->s6_addr, bytes) != 0)
		return false;
	return rest == 0 || ((n->base.s6_addr[bytes] ^ ip->s6_addr[bytes]) >> (8 - rest)) == 0;
}
