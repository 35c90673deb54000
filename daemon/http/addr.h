/* Socket addresses as text: numeric, without a resolver. */
#ifndef DAEMON_HTTP_ADDR_H
#define DAEMON_HTTP_ADDR_H

#include "common/attr.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_TEXT_LEN (INET6_ADDRSTRLEN + 8) /* "[v6]:65535" and its NUL */

/* One end of a connection. */
struct addr {
	char host[INET6_ADDRSTRLEN]; /* "127.0.0.1", "::1"; "" for Unix sockets */
	uint16_t port;
};

/* IPv4-mapped IPv6 becomes IPv4. Families other than those two give an empty address. */
void addr_from_sockaddr(struct addr *a, const struct sockaddr *sa);
/* "127.0.0.1:5312", "[::1]:80", "" for an empty one. Returns the length. */
size_t addr_format(const struct addr *a, char out[ADDR_TEXT_LEN]);
/* Takes what addr_format() writes; a bare host has port 0. Returns 0 or -EINVAL. */
int addr_parse(struct addr *a, const char *text, size_t len) BB_NODISCARD;

/* An IPv4 or IPv6 network; IPv4 is kept as mapped IPv6. */
struct network {
	struct in6_addr base;
	unsigned int bits; /* 0..128 */
};

/* "10.0.0.0/8", "::1", "192.0.2.7". Returns 0 or -EINVAL. */
int network_parse(struct network *n, const char *text, size_t len) BB_NODISCARD;
bool network_has(const struct network *n, const struct in6_addr *ip);
/* Text of an IPv4 or IPv6 address to (mapped) IPv6. Returns 0 or -EINVAL. */
int ip_parse(struct in6_addr *ip, const char *text, size_t len) BB_NODISCARD;

#endif
