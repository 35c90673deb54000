/* The Python strings that every request needs, made once: names of keys, types of messages, methods. */
#ifndef DAEMON_ASGI_STRINGS_H
#define DAEMON_ASGI_STRINGS_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

enum string {
	/* Keys of the scope and of messages. */
	STR_ASGI,
	STR_BODY,
	STR_CLIENT,
	STR_COUNT,
	STR_EXTENSIONS,
	STR_FILE,
	STR_HEADERS,
	STR_HTTP_VERSION,
	STR_LINKS,
	STR_METHOD,
	STR_MORE_BODY,
	STR_OFFSET,
	STR_PATH,
	STR_QUERY_STRING,
	STR_RAW_PATH,
	STR_ROOT_PATH,
	STR_SCHEME,
	STR_SERVER,
	STR_SPEC_VERSION,
	STR_STATE,
	STR_STATUS,
	STR_TYPE,
	STR_VERSION,
	/* Values. */
	STR_EMPTY,
	STR_HTTP,
	STR_HTTPS,
	STR_HTTP_1_0,
	STR_HTTP_1_1,
	STR_DELETE,
	STR_GET,
	STR_HEAD,
	STR_OPTIONS,
	STR_PATCH,
	STR_POST,
	STR_PUT,
	/* Types of messages, which name extensions too. */
	STR_DISCONNECT,
	STR_EARLY_HINT,
	STR_PATHSEND,
	STR_REQUEST,
	STR_RESPONSE_BODY,
	STR_RESPONSE_START,
	STR_ZEROCOPYSEND,
	/* Methods that we call. */
	STR_CREATE_FUTURE,
	STR_CREATE_TASK,
	STR_DONE,
	STR_FILENO,
	STR_GET_TASK_FACTORY,
	STR_SET_RESULT,
	STRINGS, /* how many */
};

/* Fills `str`. Returns 0 or -1. */
int strings_init(PyObject *str[STRINGS]) BB_NODISCARD;
/* Safe on a zeroed and on a half-filled array. */
void strings_finish(PyObject *str[STRINGS]);

#endif
