/*
 * The words of the admin protocol that the daemon and its client share: operation names, error
 * codes with their exit statuses, limits. Bodies are JSON, one object a message:
 *
 *   request  {"v":1,"op":"reload","id":"…","args":{…}}
 *   reply    {"v":1,"ok":true,"result":{…}}  or  {"v":1,"ok":false,"error":{"code":"…","message":"…"},"result":…}
 */
#ifndef COMMON_ADMIN_PROTO_H
#define COMMON_ADMIN_PROTO_H

#include <stddef.h>

#define ADMIN_VERSION	   1
#define ADMIN_MESSAGE_MAX  (1024 * 1024) /* bytes, of one message */
#define ADMIN_SOCKET_NAME  "admin.sock"
#define EVENTS_SOCKET_NAME "events.sock"

/* Exit statuses of blackbullctl. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_NOT_RUNNING = 3,
	CTL_NOT_PERMITTED = 4,
	CTL_CONFLICT = 5,
	CTL_VERSION = 6,
	CTL_TIMEOUT = 124,
	CTL_INTERRUPTED = 130,
};

enum admin_error {
	ADMIN_ERR_FAILED,      /* the generation failed, or the operation was refused */
	ADMIN_ERR_BAD_REQUEST, /* not JSON, not an object, a wrong argument */
	ADMIN_ERR_UNKNOWN_OP,
	ADMIN_ERR_NOT_FOUND, /* no such generation, path */
	ADMIN_ERR_NOT_PERMITTED,
	ADMIN_ERR_CONFLICT,   /* if_generation does not match */
	ADMIN_ERR_SUPERSEDED, /* a newer generation took its place */
	ADMIN_ERR_VERSION,
	ADMIN_ERR_STOPPING, /* the daemon is going down */
};

/* "generation_failed", "bad_request", … as they stand in "code". */
const char *admin_error_code(enum admin_error e);
/* The exit status for a code that a daemon sent; unknown codes are CTL_FAILED. */
enum ctl_exit admin_error_exit(const char *code);

#endif
