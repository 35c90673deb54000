/*
 * Who may say on whose behalf it speaks: the peers whose X-Forwarded-For and X-Forwarded-Proto are believed.
 * Peers on Unix sockets are believed as soon as anybody is.
 */
#ifndef DAEMON_HTTP_FORWARDED_H
#define DAEMON_HTTP_FORWARDED_H

#include "common/attr.h"
#include "daemon/http/addr.h"
#include "daemon/http/app.h"

#include <stdbool.h>
#include <stddef.h>

struct forwarded {
	bool everybody;
	struct network *networks;
	size_t count;
};

/* `list` as in --forwarded-allow-ips: addresses, networks, or "*", with commas; NULL for nobody. 0 or -errno. */
int forwarded_init(struct forwarded *f, const char *list) BB_NODISCARD;
void forwarded_finish(struct forwarded *f);

static inline bool forwarded_enabled(const struct forwarded *f)
{
	return f->everybody || f->count > 0;
}

/*
 * What the headers of a request say when its peer is trusted: *client becomes the last address in the chain
 * that no trusted proxy has (RFC 7239 §7.4 describes the reading), *scheme "http" or "https". Values that
 * make no sense change nothing.
 */
void forwarded_apply(const struct forwarded *f, const struct addr *peer,
		     const struct http_header *headers, size_t count, struct addr *client,
		     const char **scheme);

#endif
