/* Whole small responses of the hosts in this folder. */
#ifndef DAEMON_WORKER_REPLY_H
#define DAEMON_WORKER_REPLY_H

#include "common/buf.h"
#include "daemon/http/app.h"

#include <stddef.h>

/* Appends a header. A value that no header may have is left out. */
void reply_header(struct http_request *req, const char *name, const char *value);
/* Content-Length, the body and the end. Headers were given before. */
void reply_body(struct http_request *req, const void *data, size_t len);
/*
 * The same with a page that is in `page`; err is what rendering it returned. Finishes the buffer.
 */
void reply_page(struct http_request *req, struct buf *page, int err);
/* A page that says a status and one sentence. Starts and ends the response. */
void reply_status(struct http_request *req, int status, const char *sentence);
/* The same when the response was started and given headers of its own. */
void reply_status_page(struct http_request *req, int status, const char *sentence);

#endif
