/* Responses, inside the server: the head and its framing. Hosts see app.h. */
#ifndef DAEMON_HTTP_RESPONSE_H
#define DAEMON_HTTP_RESPONSE_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct http_request;

/*
 * Decides the framing (RFC 9112 §6) and whether the connection goes on, and queues the head. `empty` says that
 * there will be no body at all. Returns 0 or -ENOMEM.
 */
int response_head_send(struct http_request *req, bool empty) BB_NODISCARD;

/* Queues a whole response of the server's own, after which the connection ends. It needs no request. */
void response_refusal_send(struct conn *c, int status, const char *why);

#endif
