/*
 * One line a finished request, on standard output:
 *
 *   127.0.0.1:5312 "GET / HTTP/1.1" 200 13 0.4ms
 *   {"time":"…","level":"info","name":"access","client":"127.0.0.1:5312","method":"GET",
 *    "target":"/","http":"1.1","status":200,"bytes":13,"ms":0.4}
 */
#ifndef DAEMON_WORKER_ACCESS_LOG_H
#define DAEMON_WORKER_ACCESS_LOG_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "daemon/http/server.h"
#include "daemon/worker/line_output.h"

struct access_log {
	struct line_output out;
	enum log_format format;
	struct buf line; /* the one being made */
};

void access_log_init(struct access_log *l, struct ev_loop *loop, enum log_format format);
void access_log_finish(struct access_log *l);
void access_log_add(struct access_log *l, const struct http_access *a);

/* The line with its newline. Pure. Returns what buf_add() returns. */
int access_log_format(const struct http_access *a, enum log_format format, struct wall now,
		      struct buf *out) BB_NODISCARD;

#endif
