/* The scope of an HTTP request (ASGI 3, specs/www.rst 2.5): a dict, built from the head that the server parsed. */
#ifndef DAEMON_ASGI_SCOPE_H
#define DAEMON_ASGI_SCOPE_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

struct asgi;
struct http_request;

/* Everything that scopes have in common, with all their keys, so that filling a copy never resizes it. */
PyObject *scope_template(const struct asgi *a);

PyObject *scope_create(const struct asgi *a, const struct http_request *req);

#endif
