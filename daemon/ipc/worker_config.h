/*
 * What the master tells a worker at birth, as one CONFIG message: "key\0value\0" pairs, so that an
 * older or newer build skips what it does not know and defaults what is missing. Pure.
 */
#ifndef DAEMON_IPC_WORKER_CONFIG_H
#define DAEMON_IPC_WORKER_CONFIG_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/http_limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors of a worker with a channel: 0, 1, 2, the channel, then the listeners in order. */
#define WORKER_CHANNEL_FD	 3
#define WORKER_FIRST_LISTENER_FD 4

enum worker_kind { WORKER_APP, WORKER_SITE, WORKER_ERROR };

struct worker_config {
	enum worker_kind kind;
	uint64_t generation;
	uint32_t slot;	    /* 0-based number of the worker in its generation */
	uint32_t workers;   /* how many the generation has */
	uint32_t listeners; /* descriptors from WORKER_FIRST_LISTENER_FD on */
	bool reload;	    /* --reload: show the generation in responses */
	bool access_log;
	bool debug_errors; /* tracebacks may be shown to clients */
	uint64_t drain_timeout_ms;
	struct http_limits limits;

	/* Strings are owned; absent is NULL. */
	char *target;	 /* "module:attribute", or the directory of a site */
	char *app_dir;	 /* absolute */
	char *interface; /* "auto", "asgi", "wsgi" */
	char *lifespan;	 /* "auto", "on", "off" */
	char *root_path;
	char *forwarded_allow_ips;
	char *log_level;
	char *log_format;  /* "text", "json" */
	char *watch_roots; /* absolute, ':'-separated: whose modules bypass .pyc files */
	char *error_stage; /* WORKER_ERROR: what to show */
	char *error_message;
	char *error_file;
	char *error_detail;
	uint32_t error_line;
};

void worker_config_finish(struct worker_config *c);
/* Returns 0, -EMSGSIZE when it would not fit into one message, or -errno (drop `out` then). */
int worker_config_encode(const struct worker_config *c, struct buf *out) BB_NODISCARD;
/*
 * *c is written on success only. Without the key "kind" it is no configuration. Returns 0,
 * -EBADMSG (also for a known key whose value is none of its values) or -ENOMEM.
 */
int worker_config_decode(const void *data, size_t len, struct worker_config *c) BB_NODISCARD;

#endif
