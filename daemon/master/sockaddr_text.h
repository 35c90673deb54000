/* A socket's address as people write it after --bind. Pure. */
#ifndef DAEMON_MASTER_SOCKADDR_TEXT_H
#define DAEMON_MASTER_SOCKADDR_TEXT_H

#include "common/attr.h"

#include <stddef.h>
#include <sys/socket.h>

/* "127.0.0.1:8000", "[::1]:8000", "unix:/path". Returns 0, or -EINVAL: another family, or too long. */
int sockaddr_text(const struct sockaddr_storage *sa, socklen_t len, char *out,
		  size_t size) BB_NODISCARD;

#endif
