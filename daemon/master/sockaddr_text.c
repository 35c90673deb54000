/* Socket addresses as text. */
#include "daemon/master/sockaddr_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>

int sockaddr_text(const struct sockaddr_storage *sa, socklen_t len, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN];
	int n = -1;

	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		n = snprintf(out, size, "%s:%u", host, ntohs(in->sin_port));
	} else if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		n = snprintf(out, size, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else if (sa->ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)sa;
		int path_len = (int)(len - offsetof(struct sockaddr_un, sun_path));

		n = snprintf(out, size, "unix:%.*s", path_len > 0 ? path_len : 0, un->sun_path);
	}
	return n >= 0 && (size_t)n < size ? 0 : -EINVAL;
}
