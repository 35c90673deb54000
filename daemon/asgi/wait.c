/* The awaitable of receive() and send(). */
#include "daemon/asgi/wait.h"

#include "common/attr.h"
#include "daemon/asgi/asgi.h"
#include "daemon/asgi/cycle.h"

#define AM_SEND_SLOT 81 /* Py_am_send, which the limited API names from 3.10 on */
#define PYTHON_3_10  0x030a0000UL

struct wait {
	PyObject_HEAD enum wait_kind kind;
	struct cycle *cycle; /* owned, or NULL */
	PyObject *sleep;     /* owned iterator of the future that we sleep on, or NULL */
};

/* As PySendResult of 3.10: what a step of an awaitable came to. */
enum step {
	STEP_ERROR = -1,
	STEP_RETURN = 0, /* *out is the value of the await expression */
	STEP_YIELD = 1,	 /* *out goes to the event loop */
};

/* Whether what we wait for has come: 1 with *out, 0, or -1 with an exception. */
static int wait_ask(struct wait *w, PyObject **out)
{
	switch (w->kind) {
	case WAIT_RECEIVE:
		return cycle_receive(w->cycle, out);
	case WAIT_SEND:
		if (!cycle_writable(w->cycle))
			return 0;
		break;
	case WAIT_NOTHING:
		break;
	}
	*out = py_ref(Py_None);
	return 1;
}

/* Goes to sleep on a new future. Its iterator marks it for the task that awaits (see asyncio.Future.__await__). */
static int wait_sleep(struct wait *w)
{
	PyObject *future = cycle_wait(w->cycle);

	if (!future)
		return -1;
	py_set(&w->sleep, PyObject_GetIter(future));
	Py_DECREF(future);
	return w->sleep ? 0 : -1;
}

static enum step wait_step(struct wait *w, PyObject **out)
{
	for (;;) {
		int asked;

		if (w->sleep) {
			*out = PyIter_Next(w->sleep);
			if (*out)
				return STEP_YIELD;
			/* Woken, or the future was cancelled: it has done its work. */
			py_set(&w->sleep, NULL);
			if (PyErr_Occurred())
				return STEP_ERROR;
		}
		asked = wait_ask(w, out);
		if (asked)
			return asked > 0 ? STEP_RETURN : STEP_ERROR;
		if (wait_sleep(w) < 0)
			return STEP_ERROR;
	}
}

static PyObject *wait_next(PyObject *self)
{
	PyObject *out;
	enum step step = wait_step((struct wait *)self, &out);

	if (step == STEP_YIELD)
		return out;
	if (step == STEP_RETURN) {
		/* A value of None needs no exception object: NULL alone ends an iterator. */
		if (out != Py_None)
			PyErr_SetObject(PyExc_StopIteration, out);
		Py_DECREF(out);
	}
	return NULL;
}

/* The same without an exception for the value: what `await` calls from 3.10 on. */
static int wait_am_send(PyObject *self, PyObject *value BB_UNUSED, PyObject **out)
{
	return wait_step((struct wait *)self, out);
}

static PyObject *wait_iter(PyObject *self)
{
	return py_ref(self);
}

PyDoc_STRVAR(send_doc, "send(value)\n\nTake the next step, as coroutines do.");

static PyObject *wait_send(PyObject *self, PyObject *value BB_UNUSED)
{
	PyObject *out = wait_next(self);

	if (!out && !PyErr_Occurred())
		PyErr_SetNone(PyExc_StopIteration);
	return out;
}

PyDoc_STRVAR(throw_doc, "throw(exception)\n\nRaise it here, as coroutines do.");

static PyObject *wait_throw(PyObject *self, PyObject *args)
{
	struct wait *w = (struct wait *)self;
	PyObject *type, *value = NULL, *trace = NULL;

	if (!PyArg_ParseTuple(args, "O|OO", &type, &value, &trace))
		return NULL;
	py_set(&w->sleep, NULL);
	if (PyExceptionInstance_Check(type))
		PyErr_SetObject((PyObject *)Py_TYPE(type), type);
	else
		PyErr_SetObject(type, value);
	return NULL;
}

PyDoc_STRVAR(close_doc, "close()");

static PyObject *wait_close(PyObject *self, PyObject *unused BB_UNUSED)
{
	py_set(&((struct wait *)self)->sleep, NULL);
	Py_RETURN_NONE;
}

static void wait_dealloc(PyObject *self)
{
	struct wait *w = (struct wait *)self;

	Py_XDECREF(w->sleep);
	Py_XDECREF(w->cycle);
	py_object_free(self);
}

PyObject *wait_create(const struct asgi *a, enum wait_kind kind, struct cycle *c)
{
	struct wait *w = PyObject_New(struct wait, a->wait_type);

	if (!w)
		return NULL;
	w->kind = kind;
	w->cycle = (struct cycle *)py_ref((PyObject *)c);
	w->sleep = NULL;
	return (PyObject *)w;
}

/* 3.9 refuses types with a slot that it does not know. */
static bool has_am_send(void)
{
	PyObject *version = PySys_GetObject("hexversion"); /* borrowed */

	return version && PyLong_AsUnsignedLong(version) >= PYTHON_3_10;
}

PyTypeObject *wait_type_add(PyObject *module)
{
	/* Static because method objects refer to it for as long as they live. */
	static PyMethodDef methods[] = {
		{"send", wait_send, METH_O, send_doc},
		{"throw", wait_throw, METH_VARARGS, throw_doc},
		{"close", wait_close, METH_NOARGS, close_doc},
		{NULL, NULL, 0, NULL},
	};
	PyType_Slot slots[] = {
		{Py_tp_new, py_no_new},
		{Py_tp_dealloc, wait_dealloc},
		{Py_tp_methods, methods},
		{Py_tp_iter, wait_iter},
		{Py_tp_iternext, wait_next},
		{Py_am_await, wait_iter},
		{0, NULL}, /* am_send, on Pythons that have one */
		{0, NULL},
	};
	PyType_Spec spec = {
		.name = "blackbulld._blackbulld.Wait",
		.basicsize = sizeof(struct wait),
		.flags = Py_TPFLAGS_DEFAULT,
		.slots = slots,
	};

	if (has_am_send())
		slots[ARRAY_LEN(slots) - 2] = (PyType_Slot){AM_SEND_SLOT, wait_am_send};
	return py_type_add(module, &spec);
}
