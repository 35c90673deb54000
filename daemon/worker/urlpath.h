/*
 * From the path of a request to a path below a directory (pure). What comes out is relative and
 * made of segments that are none of "", "." and "..": nothing in it leads up, and no byte of it is
 * NUL.
 */
#ifndef DAEMON_WORKER_URLPATH_H
#define DAEMON_WORKER_URLPATH_H

#include "common/attr.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct urlpath {
	char path[PATH_MAX]; /* "a/b.html"; "" for the directory itself */
	size_t len;
	bool folder; /* ended with a slash */
};

/*
 * Decodes path, which may be a whole address ("http://host/a"). "//" and "/./" count as "/".
 * Returns 0; -EINVAL: not a path, bad percent-encoding, or a NUL; -EACCES: "..", an encoded slash,
 * or a hidden name (".git"; but the tree ".well-known" of RFC 8615 is open); -ENAMETOOLONG.
 */
int urlpath_decode(struct urlpath *u, const char *path, size_t len) BB_NODISCARD;

#endif
