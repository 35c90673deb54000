/*
 * What an application sends: the messages of specs/www.rst 2.5 and of the extensions that we offer, checked and
 * handed to the server.
 *
 * Mistakes raise out of send(): TypeError for a wrong type, ValueError for a wrong value or a missing
 * key, RuntimeError for a wrong order, OSError for a file. After a complete response messages are ignored; once the
 * client has left they raise ClientDisconnected, an OSError.
 */
#ifndef DAEMON_ASGI_MESSAGE_H
#define DAEMON_ASGI_MESSAGE_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

struct cycle;

/* Does what the message says. Returns 0, or -1 with an exception. */
int message_send(struct cycle *c, PyObject *message) BB_NODISCARD;

/* Turns what an http_response_*() call returned into 0, or -1 with an exception. */
int message_sent(struct cycle *c, int result) BB_NODISCARD;

#endif
