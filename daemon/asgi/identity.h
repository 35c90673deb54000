/* What Python's modules were made of, in a form that is quickly compared with what there is now. */
#ifndef DAEMON_ASGI_IDENTITY_H
#define DAEMON_ASGI_IDENTITY_H

#include "common/attr.h"
#include "common/buf.h"

#define IDENTITY_LEN 32 /* bytes */

/*
 * Appends the identity of what is at the path: device, inode, size and time of change to the nanosecond; zeros if there
 * is nothing. Not the time of change of the inode (st_ctime): a package manager that links one file into
 * several environments changes that of all. Returns 0, -ENOBUFS or -ENOMEM.
 */
int identity_add(struct buf *out, const char *path) BB_NODISCARD;
/* Appends the process's environment: "NAME=value" entries in their order, each with a NUL behind it. The same returns. */
int identity_add_environment(struct buf *out) BB_NODISCARD;

#endif
