/* An address as people write it after --bind, taken apart. Pure. */
#ifndef DAEMON_CONFIG_ADDRESS_H
#define DAEMON_CONFIG_ADDRESS_H

#include "common/attr.h"

#include <stdint.h>

struct config_error;

enum address_kind { ADDRESS_TCP, ADDRESS_UNIX, ADDRESS_FD };

struct address {
	enum address_kind kind;
	char host[256]; /* without brackets; "" for every address of the machine */
	uint16_t port;	/* 0: any */
	char path[108]; /* of a Unix socket; sun_path, unix(7) */
	int fd;
};

/*
 * "host:port", "[v6]:port", ":port", "unix:/path", "fd://N". Returns 0, or -EINVAL with what is wrong and what
 * to write instead in *why.
 */
int address_parse(const char *text, struct address *a, struct config_error *why) BB_NODISCARD;

#endif
