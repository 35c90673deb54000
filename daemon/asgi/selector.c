/* asyncio's selector on libev: descriptors of the application beside the server's own, in one loop. */
#include "daemon/asgi/selector.h"

#include "common/attr.h"
#include "daemon/asgi/watch.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <math.h>

/* One select() under way. An application that nests event loops makes a second one within the first. */
struct call {
	struct call *outer;
	ev_timer timer;
	PyObject *ready; /* list of (key, mask) */
	bool done;
	struct py_error error;
};

struct selector {
	PyObject_HEAD struct ev_loop *loop; /* NULL until needed */
	bool closed;
	bool abandoned; /* in a forked child */
	struct call *call;
	struct watches watches;
	bool may_block;
	PyThreadState *thread; /* while the GIL is given up */
	unsigned holds;
	void (*idle)(void *owner);
	void *owner;
};

/* libev calls these two around epoll_wait. A look without waiting is not worth the GIL's round trip. */
static void release_cb(struct ev_loop *loop)
{
	struct selector *p = ev_userdata(loop);

	if (p->may_block)
		p->thread = PyEval_SaveThread();
}

static void acquire_cb(struct ev_loop *loop)
{
	struct selector *p = ev_userdata(loop);
	PyThreadState *thread = p->thread;

	p->thread = NULL;
	if (thread)
		PyEval_RestoreThread(thread);
}

/* What is ready goes to the innermost select(): the others will be told again, since epoll is level-triggered. */
static void ready_cb(void *owner, PyObject *key, int events)
{
	struct selector *p = owner;
	struct call *call = p->call;
	PyObject *pair = Py_BuildValue("(Oi)", key, events);

	if (!pair || PyList_Append(call->ready, pair) < 0)
		py_error_take(&call->error);
	Py_XDECREF(pair);
	call->done = true;
}

struct ev_loop *selector_loop(struct selector *p)
{
	if (p->closed || p->abandoned) {
		PyErr_SetString(PyExc_ValueError, p->closed ? "the selector is closed"
							    : "the selector is the parent's");
		return NULL;
	}
	if (p->loop)
		return p->loop;
	/* Not the default loop: that one takes SIGCHLD, and with it asyncio's own children. */
	p->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK);
	if (!p->loop) {
		py_raise_errno(errno);
		return NULL;
	}
	ev_set_userdata(p->loop, p);
	ev_set_loop_release_cb(p->loop, release_cb, acquire_cb);
	p->watches.loop = p->loop;
	p->watches.ready = ready_cb;
	p->watches.owner = p;
	/* Without a watcher ev_run() would not wait; select() must. */
	ev_ref(p->loop);
	return p->loop;
}

void selector_wake(struct selector *p)
{
	if (!p->call)
		return;
	p->call->done = true;
	/* The server also acts just before libev would wait (ev_prepare); then it must not. */
	ev_break(p->loop, EVBREAK_ONE);
}

void selector_raise(struct selector *p)
{
	if (!p->call) {
		py_error_print("the HTTP server");
		return;
	}
	py_error_take(&p->call->error);
	selector_wake(p);
}

bool selector_selecting(const struct selector *p)
{
	return p->call != NULL;
}

unsigned selector_turn(const struct selector *p)
{
	return p->loop ? ev_iteration(p->loop) : 0;
}

void selector_hold(struct selector *p, void (*idle)(void *owner), void *owner)
{
	p->holds++;
	p->idle = idle;
	p->owner = owner;
}

void selector_release(struct selector *p)
{
	assert(p->holds > 0);
	p->holds--;
	p->idle = NULL;
}

PyDoc_STRVAR(watch_doc,
	     "watch(fd, events, key)\n\nReport `key` when fd is ready; again for a change.");

static PyObject *selector_watch(PyObject *self, PyObject *args)
{
	struct selector *p = (struct selector *)self;
	int fd, events;
	PyObject *key;

	if (!PyArg_ParseTuple(args, "iiO", &fd, &events, &key) || !selector_loop(p))
		return NULL;
	if (watches_set(&p->watches, fd, events, key) < 0)
		return NULL;
	Py_RETURN_NONE;
}

PyDoc_STRVAR(unwatch_doc, "unwatch(fd)");

static PyObject *selector_unwatch(PyObject *self, PyObject *arg)
{
	long fd = PyLong_AsLong(arg);

	if (fd == -1 && PyErr_Occurred())
		return NULL;
	watches_remove(&((struct selector *)self)->watches, (int)fd);
	Py_RETURN_NONE;
}

void selector_abandon(struct selector *p)
{
	p->abandoned = true;
}

static void timer_cb(struct ev_loop *loop BB_UNUSED, ev_timer *timer, int revents BB_UNUSED)
{
	container_of(timer, struct call, timer)->done = true;
}

/* Handlers of signal.signal() run here, as they do in the selectors of the standard library. */
static void turn(struct selector *p, struct call *call, int flags)
{
	p->may_block = flags == EVRUN_ONCE && !call->done;
	ev_run(p->loop, p->may_block ? EVRUN_ONCE : EVRUN_NOWAIT);
	if (PyErr_CheckSignals() < 0) {
		py_error_take(&call->error);
		call->done = true;
	}
}

/* Waits until something is ready or scheduled, or `seconds` are over; NAN waits without end. */
static void wait_for_events(struct selector *p, struct call *call, double seconds)
{
	if (p->idle)
		p->idle(p->owner);
	if (!isnan(seconds)) {
		/* libev's idea of now is as old as its last turn, and Python ran since. */
		ev_now_update(p->loop);
		ev_timer_init(&call->timer, timer_cb, seconds, 0.);
		ev_timer_start(p->loop, &call->timer);
	}
	do
		turn(p, call, EVRUN_ONCE);
	while (!call->done && !p->abandoned);
	if (!isnan(seconds))
		ev_timer_stop(p->loop, &call->timer);
}

static PyObject *select_ready(struct selector *p, double seconds)
{
	struct call call = {.outer = p->call, .ready = PyList_New(0)};

	if (!call.ready)
		return NULL;
	p->call = &call;
	if (seconds <= 0)
		turn(p, &call, EVRUN_NOWAIT);
	else
		wait_for_events(p, &call, seconds);
	p->call = call.outer;
	if (!py_error_is_set(&call.error))
		return call.ready;
	Py_DECREF(call.ready);
	py_error_restore(&call.error);
	return NULL;
}

PyDoc_STRVAR(select_doc,
	     "select(timeout=None)\n\nWait, and return what is ready: [(key, events)].");

static PyObject *selector_select(PyObject *self, PyObject *args)
{
	struct selector *p = (struct selector *)self;
	PyObject *timeout = Py_None;
	double seconds = NAN;

	if (!PyArg_ParseTuple(args, "|O", &timeout) || !selector_loop(p))
		return NULL;
	if (timeout != Py_None) {
		seconds = PyFloat_AsDouble(timeout);
		if (PyErr_Occurred())
			return NULL;
	}
	return select_ready(p, seconds);
}

static void selector_finish(struct selector *p)
{
	watches_finish(&p->watches);
	if (p->loop)
		ev_loop_destroy(p->loop);
	p->loop = NULL;
	p->closed = true;
}

PyDoc_STRVAR(close_doc, "close()");

static PyObject *selector_close(PyObject *self, PyObject *unused BB_UNUSED)
{
	struct selector *p = (struct selector *)self;

	if (p->holds > 0 || p->call) {
		PyErr_SetString(PyExc_RuntimeError, "cannot close the selector while it is in use");
		return NULL;
	}
	selector_finish(p);
	Py_RETURN_NONE;
}

static PyObject *selector_new(PyTypeObject *type, PyObject *args BB_UNUSED,
			      PyObject *kwargs BB_UNUSED)
{
	/* Zeroed; the loop comes with the first need of it. */
	return PyType_GenericAlloc(type, 0);
}

/* Keys lead to transports, and these to the asyncio loop and back to us: a cycle for the collector. */
static int selector_traverse(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	return watches_traverse(&((struct selector *)self)->watches, visit, arg);
}

static int selector_clear(PyObject *self)
{
	watches_finish(&((struct selector *)self)->watches);
	return 0;
}

static void selector_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	selector_finish((struct selector *)self);
	PyObject_GC_Del(self);
	Py_DECREF(type);
}

PyTypeObject *selector_type_add(PyObject *module)
{
	/* Static because method objects refer to it for as long as they live. */
	static PyMethodDef methods[] = {
		{"watch", selector_watch, METH_VARARGS, watch_doc},
		{"unwatch", selector_unwatch, METH_O, unwatch_doc},
		{"select", selector_select, METH_VARARGS, select_doc},
		{"close", selector_close, METH_NOARGS, close_doc},
		{NULL, NULL, 0, NULL},
	};
	PyType_Slot slots[] = {
		{Py_tp_new, selector_new},
		{Py_tp_dealloc, selector_dealloc},
		{Py_tp_traverse, selector_traverse},
		{Py_tp_clear, selector_clear},
		{Py_tp_methods, methods},
		{Py_tp_doc,
		 (void *)"Waits for descriptors on a libev loop that serves HTTP beside them."},
		{0, NULL},
	};
	PyType_Spec spec = {
		.name = "blackbulld._blackbulld.Selector",
		.basicsize = sizeof(struct selector),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
		.slots = slots,
	};

	return py_type_add(module, &spec);
}
