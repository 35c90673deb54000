/*
 * What receive() and send() return: an awaitable that asks the cycle when it is awaited, and sleeps on a future of
 * the loop only if it must. Waking carries no data, so that nothing is lost when the awaiting task is
 * cancelled in between. It is a coroutine to collections.abc, so that create_task() takes it too.
 */
#ifndef DAEMON_ASGI_WAIT_H
#define DAEMON_ASGI_WAIT_H

#include "daemon/asgi/pyutil.h"

struct cycle;
struct asgi;

enum wait_kind {
	WAIT_NOTHING = 0, /* done at once, with None; one object serves everybody */
	WAIT_RECEIVE,
	WAIT_SEND,
};

/* The type, under its name in `module`; the caller owns the reference. */
PyTypeObject *wait_type_add(PyObject *module);

/* `c` is NULL for WAIT_NOTHING. */
PyObject *wait_create(const struct asgi *a, enum wait_kind kind, struct cycle *c);

#endif
