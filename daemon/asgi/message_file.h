/* Files as bodies: the extensions http.response.pathsend and http.response.zerocopysend, by sendfile(2). */
#ifndef DAEMON_ASGI_MESSAGE_FILE_H
#define DAEMON_ASGI_MESSAGE_FILE_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

struct cycle;

/* The whole of the file at `path`. Returns 0, or -1 with an exception: OSError when it cannot be had. */
int message_send_path(struct cycle *c, PyObject *path) BB_NODISCARD;

/*
 * `count` bytes (NULL: all that are left) of an open file (with fileno(), or a descriptor) from `offset` (NULL: where
 * it stands). The application may close it at once. Returns 0, or -1 with an exception.
 */
int message_send_file(struct cycle *c, PyObject *file, PyObject *offset,
		      PyObject *count) BB_NODISCARD;

#endif
