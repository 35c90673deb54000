/*
 * One request and its response, as the application sees them: the Python type `Cycle`, with receive() and send().
 *
 * Who keeps whom: asyncio holds tasks weakly, so the cycle owns its task; the task owns the coroutine, whose frame
 * owns the cycle. The collector cannot look into a cycle and so leaves this ring alone; it opens
 * when the coroutine ends or is thrown away. The server (http_request_data) borrows the cycle, the
 * cycle borrows the server's request, and whoever ends first clears both pointers.
 */
#ifndef DAEMON_ASGI_CYCLE_H
#define DAEMON_ASGI_CYCLE_H

#include "daemon/asgi/pyutil.h"

#include "common/list.h"

#include <stdbool.h>

struct asgi;
struct http_app_ops;
struct http_request;

enum cycle_state {
	CYCLE_OPEN = 0, /* no http.response.start yet */
	CYCLE_STARTED,	/* the head is known, and sent if !list_linked(&held) */
	CYCLE_COMPLETE, /* the response is whole: req is NULL */
	CYCLE_GONE,	/* the client left, or the connection was cut: req is NULL */
};

struct cycle {
	PyObject_HEAD struct asgi *asgi;
	struct http_request *req;
	enum cycle_state state;
	bool body_done;	       /* the application was given the last of the request's body */
	bool full;	       /* the output is above its high-water mark */
	PyObject *task;	       /* owned until close() */
	PyObject *waiters;     /* list of asyncio futures to wake, or NULL */
	struct list_node link; /* asgi.cycles */
	struct list_node held; /* asgi.held */
};

/* The type, under its name in `module`; the caller owns the reference. */
PyTypeObject *cycle_type_add(PyObject *module);

/* A cycle for `req`, which is told. */
struct cycle *cycle_create(struct asgi *a, struct http_request *req);

/*
 * What an awaiting receive() asks: 1 and a message in *message, 0 when there is none yet, -1 with an exception.
 * cycle_writable() is the same for send(): whether there is room again.
 */
int cycle_receive(struct cycle *c, PyObject **message) BB_NODISCARD;
bool cycle_writable(const struct cycle *c);
/* A future of the loop that is done at the cycle's next event. */
PyObject *cycle_wait(struct cycle *c);

/* The response is whole. */
void cycle_complete(struct cycle *c);
/* Sends the held head now. */
void cycle_flush(struct cycle *c);
/* In a forked child: the server's request is not ours to answer. */
void cycle_abandon(struct cycle *c);

/* The server's callbacks, from on_body on: http_request_data is a cycle, or NULL. */
void cycle_on_body(struct http_request *req);
void cycle_on_writable(struct http_request *req);
void cycle_on_abort(struct http_request *req);

#endif
