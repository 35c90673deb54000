/* An address as people write it after --bind, taken apart. */
#include "daemon/config/address.h"

#include "common/parse.h"
#include "common/str.h"
#include "daemon/config/fail.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define FIRST_FREE_FD \
	3 /* after stdin, stdout, stderr; also SD_LISTEN_FDS_START, sd_listen_fds(3) */

static bool is_ipv6(const char *host)
{
	struct in6_addr a;
	size_t len = strcspn(host, "%"); /* fe80::1%eth0 */
	char bare[INET6_ADDRSTRLEN];

	if (len >= sizeof(bare) || strcmp(host + len, "%") == 0)
		return false;
	memcpy(bare, host, len);
	bare[len] = '\0';
	return inet_pton(AF_INET6, bare, &a) == 1;
}

/* A name of RFC 1123 §2.1 (and '_', which occurs), or an IPv4 address. */
static bool is_host_name(const char *host)
{
	struct in_addr a;

	if (host[0] && host[strspn(host, "0123456789.")] == '\0')
		return inet_pton(AF_INET, host, &a) == 1;
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return false;
	return host[0] != '-' && host[0] != '.';
}

static int no_brackets(struct config_error *why)
{
	return config_fail(why, CONFIG_STATUS_USAGE,
			   "an IPv6 address needs brackets and a port, as in \"[::1]:8000\"");
}

static int no_port(const char *text, struct config_error *why)
{
	uint64_t port;

	if (parse_uint(text, 0, 65535, &port) == 0)
		return config_fail(
			why, CONFIG_STATUS_USAGE,
			"no address; write \"127.0.0.1:%s\", or \":%s\" for every address", text,
			text);
	if (text[0] == '/' || text[0] == '.')
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "for a Unix socket write \"unix:%.100s\"", text);
	return config_fail(why, CONFIG_STATUS_USAGE, "no port; write \"%.100s:8000\"", text);
}

/* Everything before the last colon. */
static int parse_host(const char *text, size_t len, struct address *a, struct config_error *why)
{
	bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';

	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(a->host))
		return config_fail(why, CONFIG_STATUS_USAGE, "the host name is too long");
	memcpy(a->host, text, len);
	a->host[len] = '\0';
	if (brackets)
		return is_ipv6(a->host) ? 0
					: config_fail(why, CONFIG_STATUS_USAGE,
						      "\"%s\" is no IPv6 address", a->host);
	if (strchr(a->host, ':'))
		return no_brackets(why);
	if (!is_host_name(a->host))
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "\"%s\" is neither a host name nor an address", a->host);
	return 0;
}

static int parse_tcp(const char *text, struct address *a, struct config_error *why)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (strstr(text, "://"))
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "an address has no \"%.*s\"; write host:port",
				   (int)(strstr(text, "://") - text + 3), text);
	if (!colon || (text[0] == '[' && text[strlen(text) - 1] == ']'))
		return no_port(text, why);
	if (is_ipv6(text))
		return no_brackets(why);
	if (parse_uint(colon + 1, 0, 65535, &port) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "the port \"%.40s\" is not a number from 0 to 65535", colon + 1);
	a->kind = ADDRESS_TCP;
	a->port = (uint16_t)port;
	return parse_host(text, (size_t)(colon - text), a, why);
}

static int parse_unix(const char *path, struct address *a, struct config_error *why)
{
	a->kind = ADDRESS_UNIX;
	if (path[0] == '\0')
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "no path; write \"unix:/path/to/socket\"");
	if (path[strlen(path) - 1] == '/')
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "this names a directory; a socket needs a name of its own");
	if (str_copy(a->path, sizeof(a->path), path) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "a Unix socket's path has at most %zu bytes, this has %zu",
				   sizeof(a->path) - 1, strlen(path));
	return 0;
}

static int parse_fd(const char *number, struct address *a, struct config_error *why)
{
	uint64_t fd;

	a->kind = ADDRESS_FD;
	if (parse_uint(number, 0, INT_MAX, &fd) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "expected the number of an inherited socket, as in \"fd://3\"");
	a->fd = (int)fd;
	return 0;
}

int address_parse(const char *text, struct address *a, struct config_error *why)
{
	struct address parsed = {.fd = -1};
	int rc;

	if (str_starts(text, "unix:"))
		rc = parse_unix(text + 5, &parsed, why);
	else if (str_starts(text, "fd://"))
		rc = parse_fd(text + 5, &parsed, why);
	else
		rc = parse_tcp(text, &parsed, why);
	if (rc == 0)
		*a = parsed;
	return rc;
}
