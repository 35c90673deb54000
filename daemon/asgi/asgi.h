/*
 * The root of the extension: one worker, one asyncio loop, one application, and the requests it is answering.
 *
 * A request's life: host (http_app_ops.on_request) ─► scope ─► cycle ─► Task(respond(app, cycle, scope)).
 * See cycle.h for what keeps what alive.
 */
#ifndef DAEMON_ASGI_ASGI_H
#define DAEMON_ASGI_ASGI_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"
#include "common/list.h"
#include "daemon/asgi/strings.h"

#include <stdbool.h>

struct selector;
struct worker;

/* The state of the module: zeroed by CPython before module.c fills it in. */
struct asgi {
	struct worker *worker;	   /* NULL before open() and after close() */
	struct selector *selector; /* owned, while serving */
	struct list cycles;	   /* struct cycle.link: requests whose task has not ended */
	struct list held;	/* struct cycle.held: heads of responses that were not sent yet */
	unsigned cut_turn;	/* of the loop, in which a request was last cut off */
	bool starting;		/* a task is running its first step */
	PyObject *str[STRINGS]; /* by enum string */

	/* Owned, from module initialization on. */
	PyTypeObject *selector_type;
	PyTypeObject *cycle_type;
	PyTypeObject *wait_type;
	PyObject *ready;	/* the awaitable that has nothing to wait for */
	PyObject *disconnected; /* exception class: send() after the client has left */

	/* Owned, while serving. */
	PyObject *loop;
	PyObject *app;		 /* async callable (scope, receive, send) */
	PyObject *respond;	 /* coroutine function (app, cycle, scope) */
	PyObject *state;	 /* of the lifespan: copied into each scope */
	PyObject *stopping;	 /* callable: the server has drained */
	PyObject *scope;	 /* template of every scope */
	PyObject *root_path;	 /* str */
	PyObject *root_bytes;	 /* the same for raw_path */
	PyObject *task_type;	 /* asyncio.Task */
	PyObject *task_options;	 /* its keyword arguments */
	PyObject *eager_options; /* the same for a first step at once, or NULL */
};

/* What serve() is given; everything is borrowed. */
struct asgi_options {
	PyObject *selector, *loop, *app, *respond, *state, *stopping;
	int eager; /* asyncio.Task knows eager_start (3.12), and is to use it */
};

/* Starts to serve: READY goes to the master. Returns 0, or -1 with an exception; then a->worker can still fail. */
int asgi_serve(struct asgi *a, const struct asgi_options *o) BB_NODISCARD;
/* Ends serving: what is open is cut. Safe at any time. */
void asgi_close(struct asgi *a);
/* In a child that the application forked: the server and its connections are the parent's, and the loop is of no use. */
void asgi_abandon(struct asgi *a);
/* The tasks that have not ended, as a list. */
PyObject *asgi_tasks(const struct asgi *a);

/* Sends the heads of responses that wait for their first byte of body: the loop is about to sleep. */
void asgi_flush(struct asgi *a);
/* Something was scheduled on the asyncio loop: the select() that is under way, if any, is to return. */
void asgi_wake(struct asgi *a);
/* A method of the asyncio loop without arguments. */
PyObject *asgi_loop_call(const struct asgi *a, enum string method);

#endif
