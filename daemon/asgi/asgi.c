/* The host of one application: takes requests from the server and makes tasks of them. */
#include "daemon/asgi/asgi.h"

#include "common/attr.h"
#include "daemon/asgi/cycle.h"
#include "daemon/asgi/scope.h"
#include "daemon/asgi/selector.h"
#include "daemon/http/app.h"
#include "daemon/worker/worker.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

PyObject *asgi_loop_call(const struct asgi *a, enum string method)
{
	return PyObject_CallMethodObjArgs(a->loop, a->str[method], NULL);
}

void asgi_flush(struct asgi *a)
{
	list_for_each(c, &a->held, struct cycle, held)
		cycle_flush(c);
}

void asgi_wake(struct asgi *a)
{
	/* There is none after close(), and in a forked child. */
	if (a->selector)
		selector_wake(a->selector);
}

static void idle_cb(void *owner)
{
	asgi_flush(owner);
}

PyObject *asgi_tasks(const struct asgi *a)
{
	PyObject *tasks = PyList_New(0);

	list_for_each(c, &a->cycles, struct cycle, link)
		if (tasks && c->task && PyList_Append(tasks, c->task) < 0)
			py_set(&tasks, NULL);
	return tasks;
}

/* Whether the application put a factory of its own on the loop, as tools that trace tasks do. 1, 0 or -1. */
static int has_task_factory(const struct asgi *a)
{
	PyObject *factory = asgi_loop_call(a, STR_GET_TASK_FACTORY);
	int has = factory ? factory != Py_None : -1;

	Py_XDECREF(factory);
	return has;
}

static PyObject *task_construct(const struct asgi *a, PyObject *coroutine, PyObject *options)
{
	PyObject *args = PyTuple_Pack(1, coroutine);
	PyObject *task = args ? PyObject_Call(a->task_type, args, options) : NULL;

	Py_XDECREF(args);
	return task;
}

/*
 * A task may take its first step before this returns, but not from within another task, where pipelined requests
 * could nest without end: only select() is free of them.
 */
static PyObject *task_start(struct asgi *a, PyObject *coroutine)
{
	int factory = has_task_factory(a);
	PyObject *task;

	if (factory < 0)
		return NULL;
	if (factory)
		return PyObject_CallMethodObjArgs(a->loop, a->str[STR_CREATE_TASK], coroutine,
						  NULL);
	if (!a->eager_options || a->starting || !selector_selecting(a->selector))
		return task_construct(a, coroutine, a->task_options);
	a->starting = true;
	task = task_construct(a, coroutine, a->eager_options);
	a->starting = false;
	return task;
}

/* The coroutine of a request. It owns the cycle from here on; a coroutine that never runs gives it up. */
static PyObject *request_coroutine(const struct asgi *a, struct cycle *c)
{
	PyObject *scope = scope_create(a, c->req);
	PyObject *coroutine = NULL;

	if (scope)
		coroutine = PyObject_CallFunctionObjArgs(a->respond, a->app, (PyObject *)c, scope,
							 NULL);
	Py_XDECREF(scope);
	return coroutine;
}

static int request_start(struct asgi *a, struct cycle *c)
{
	PyObject *coroutine = request_coroutine(a, c);
	PyObject *task = coroutine ? task_start(a, coroutine) : NULL;

	Py_XDECREF(coroutine);
	if (!task)
		return -1;
	/* An eager task may have ended already; then the cycle, unlinked, needs it no more. */
	if (list_linked(&c->link))
		c->task = py_ref(task);
	Py_DECREF(task);
	return 0;
}

/* KeyboardInterrupt and SystemExit are for the owner of the loop: select() raises them. */
static void report_failure(struct asgi *a, const char *where)
{
	if (PyErr_ExceptionMatches(PyExc_Exception) || !a->selector)
		py_error_print(where);
	else
		selector_raise(a->selector);
}

static void on_request(void *app, struct http_request *req)
{
	struct asgi *a = app;
	struct cycle *c;

	if (!a->worker)
		return; /* a forked child that has not left the loop yet */
	c = cycle_create(a, req);
	if (!c) {
		py_error_print("a request");
		http_response_abort(req);
		return;
	}
	if (request_start(a, c) < 0)
		report_failure(a, "a request");
	asgi_wake(a);
	Py_DECREF(c);
}

static void on_stopping(void *app)
{
	struct asgi *a = app;
	PyObject *done;
	bool cut;

	if (!a->worker)
		return;
	/* The server cuts off what is left just before this. */
	cut = a->cut_turn == selector_turn(a->selector);
	done = PyObject_CallFunctionObjArgs(a->stopping, cut ? Py_True : Py_False, NULL);
	if (!done)
		report_failure(a, "stopping");
	Py_XDECREF(done);
	asgi_wake(a);
}

static const struct worker_ops ops = {
	.http.on_request = on_request,
	.http.on_body = cycle_on_body,
	.http.on_writable = cycle_on_writable,
	.http.on_abort = cycle_on_abort,
	.stopping = on_stopping,
};

/* What asyncio.Task is called with. */
static int asgi_set_task(struct asgi *a, const struct asgi_options *o)
{
	PyObject *asyncio = PyImport_ImportModule("asyncio");

	if (!asyncio)
		return -1;
	a->task_type = PyObject_GetAttrString(asyncio, "Task");
	Py_DECREF(asyncio);
	a->task_options = Py_BuildValue("{s:O}", "loop", o->loop);
	if (!a->task_type || !a->task_options)
		return -1;
	if (!o->eager)
		return 0;
	a->eager_options = Py_BuildValue("{s:O, s:O}", "loop", o->loop, "eager_start", Py_True);
	return a->eager_options ? 0 : -1;
}

/* Without the slash at its end, which the path begins with. a->root_bytes stays NULL for the root itself. */
static int asgi_set_root_path(struct asgi *a)
{
	const char *given = worker_config(a->worker)->root_path;
	const char *root = given ? given : "";
	size_t len = strlen(root);

	while (len > 0 && root[len - 1] == '/')
		len--;
	a->root_path = PyUnicode_DecodeFSDefaultAndSize(root, (Py_ssize_t)len);
	if (a->root_path && len > 0)
		a->root_bytes = PyBytes_FromStringAndSize(root, (Py_ssize_t)len);
	a->scope = a->root_path ? scope_template(a) : NULL;
	return a->scope ? 0 : -1;
}

static int asgi_start(struct asgi *a)
{
	struct ev_loop *loop = selector_loop(a->selector);
	int err;

	if (!loop)
		return -1;
	err = worker_serve(a->worker, loop, &ops, a);
	if (err) {
		py_raise_errno(err);
		return -1;
	}
	return 0;
}

/* Gives up everything that serving needed. */
static void asgi_release(struct asgi *a)
{
	PyObject **slots[] = {
		(PyObject **)&a->selector,
		&a->loop,
		&a->app,
		&a->respond,
		&a->state,
		&a->stopping,
		&a->scope,
		&a->root_path,
		&a->root_bytes,
		&a->task_type,
		&a->task_options,
		&a->eager_options,
	};

	if (a->selector)
		selector_release(a->selector);
	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		py_set(slots[i], NULL);
}

int asgi_serve(struct asgi *a, const struct asgi_options *o)
{
	a->selector = (struct selector *)py_ref(o->selector);
	selector_hold(a->selector, idle_cb, a);
	a->loop = py_ref(o->loop);
	a->app = py_ref(o->app);
	a->respond = py_ref(o->respond);
	a->state = py_ref(o->state);
	a->stopping = py_ref(o->stopping);
	if (asgi_set_task(a, o) == 0 && asgi_set_root_path(a) == 0 && asgi_start(a) == 0)
		return 0;
	asgi_release(a);
	return -1;
}

void asgi_close(struct asgi *a)
{
	/* The server aborts what is open, and applications that wait for it are woken. */
	worker_destroy(a->worker);
	a->worker = NULL;
	asgi_release(a);
}

/* Sockets of the server that nobody but the parent may hold: its port must be free when it ends. */
static void close_inherited(const struct worker_config *c)
{
	int first = WORKER_FIRST_LISTENER_FD;

	for (int fd = first; fd < first + (int)c->listeners; fd++) {
		int listening = 0;
		socklen_t len = sizeof(listening);

		/* A draining worker has closed them, and the number may be another's now. */
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening)
			close(fd);
	}
	close(WORKER_CHANNEL_FD);
}

void asgi_abandon(struct asgi *a)
{
	if (!a->worker)
		return;
	close_inherited(worker_config(a->worker));
	a->worker = NULL;
	list_for_each(c, &a->cycles, struct cycle, link)
		cycle_abandon(c);
	if (a->selector)
		selector_abandon(a->selector);
	asgi_release(a);
}
