/* One request and its response: what the application awaits, and what the server tells. */
#include "daemon/asgi/cycle.h"

#include "common/attr.h"
#include "daemon/asgi/asgi.h"
#include "daemon/asgi/message.h"
#include "daemon/asgi/selector.h"
#include "daemon/asgi/wait.h"
#include "daemon/http/app.h"

#include <errno.h>

/* 1 when it was done already, 0 when not, -1 with an exception. */
static int future_is_done(const struct asgi *a, PyObject *future)
{
	PyObject *done = PyObject_CallMethodObjArgs(future, a->str[STR_DONE], NULL);
	int is_done = done ? PyObject_IsTrue(done) : -1;

	Py_XDECREF(done);
	return is_done;
}

static void future_wake(const struct asgi *a, PyObject *future)
{
	PyObject *result;

	switch (future_is_done(a, future)) {
	case 0:
		result = PyObject_CallMethodObjArgs(future, a->str[STR_SET_RESULT], Py_None, NULL);
		if (!result)
			py_error_print("waking an application");
		Py_XDECREF(result);
		break;
	case 1:
		break;
	default:
		py_error_print("waking an application");
	}
}

/* Wakes whoever awaits receive() or send(): they ask again, and sleep again if it was not for them. */
static void cycle_wake(struct cycle *c)
{
	PyObject *waiters = c->waiters; /* taken over: waking may add new ones */
	Py_ssize_t n = waiters ? PyList_Size(waiters) : 0;

	c->waiters = NULL;
	for (Py_ssize_t i = 0; i < n; i++)
		future_wake(c->asgi, PyList_GetItem(waiters, i));
	Py_XDECREF(waiters);
	asgi_wake(c->asgi);
}

/* Drops futures that were cancelled: an application that polls for the disconnect leaves one each time. */
static int waiters_prune(struct cycle *c)
{
	for (Py_ssize_t i = PyList_Size(c->waiters); i-- > 0;) {
		int done = future_is_done(c->asgi, PyList_GetItem(c->waiters, i));

		if (done < 0 || (done && PySequence_DelItem(c->waiters, i) < 0))
			return -1;
	}
	return 0;
}

PyObject *cycle_wait(struct cycle *c)
{
	PyObject *future;

	if (!c->waiters)
		c->waiters = PyList_New(0);
	if (!c->waiters || waiters_prune(c) < 0)
		return NULL;
	future = asgi_loop_call(c->asgi, STR_CREATE_FUTURE);
	if (!future)
		return NULL;
	if (PyList_Append(c->waiters, future) == 0)
		return future;
	Py_DECREF(future);
	return NULL;
}

/* Cuts the tie to the server's request, which is about to end or has ended. */
static struct http_request *cycle_detach(struct cycle *c, enum cycle_state state)
{
	struct http_request *req = c->req;

	http_request_set_data(req, NULL);
	c->req = NULL;
	c->state = state;
	list_remove(&c->held);
	return req;
}

void cycle_complete(struct cycle *c)
{
	http_response_end(cycle_detach(c, CYCLE_COMPLETE));
	cycle_wake(c);
}

void cycle_flush(struct cycle *c)
{
	list_remove(&c->held);
	/* No bytes, but the head goes out. An error is told by on_abort. */
	if (http_response_body(c->req, "", 0) > 0)
		c->full = true;
}

void cycle_abandon(struct cycle *c)
{
	c->req = NULL;
	c->state = CYCLE_GONE;
	list_remove(&c->held);
}

static PyObject *message_disconnect(const struct asgi *a)
{
	return Py_BuildValue("{O:O}", a->str[STR_TYPE], a->str[STR_DISCONNECT]);
}

static PyObject *message_body(const struct asgi *a, const char *data, size_t len, bool more)
{
	return Py_BuildValue("{O:O, O:y#, O:O}", a->str[STR_TYPE], a->str[STR_REQUEST],
			     a->str[STR_BODY], data ? data : "", (Py_ssize_t)len,
			     a->str[STR_MORE_BODY], more ? Py_True : Py_False);
}

int cycle_receive(struct cycle *c, PyObject **message)
{
	const char *data = NULL;
	size_t len = 0;
	bool more = false;
	int got;

	if (c->req && c->body_done)
		return 0;
	got = c->req ? http_request_read(c->req, &data, &len, &more) : -ECONNABORTED;
	if (got == 0)
		return 0;
	c->body_done = got > 0 && !more;
	*message = got > 0 ? message_body(c->asgi, data, len, more) : message_disconnect(c->asgi);
	return *message ? 1 : -1;
}

bool cycle_writable(const struct cycle *c)
{
	return !c->req || !c->full;
}

void cycle_on_body(struct http_request *req)
{
	struct cycle *c = http_request_data(req);

	if (c)
		cycle_wake(c);
}

void cycle_on_writable(struct http_request *req)
{
	struct cycle *c = http_request_data(req);

	if (!c)
		return;
	c->full = false;
	cycle_wake(c);
}

void cycle_on_abort(struct http_request *req)
{
	struct cycle *c = http_request_data(req);

	if (!c)
		return;
	cycle_detach(c, CYCLE_GONE);
	if (c->asgi->selector)
		c->asgi->cut_turn = selector_turn(c->asgi->selector);
	cycle_wake(c);
}

PyDoc_STRVAR(receive_doc, "receive()\n\nThe awaitable of ASGI: the request's body, then its end.");

static PyObject *cycle_receive_method(PyObject *self, PyObject *unused BB_UNUSED)
{
	struct cycle *c = (struct cycle *)self;

	return wait_create(c->asgi, WAIT_RECEIVE, c);
}

PyDoc_STRVAR(send_doc,
	     "send(message)\n\nThe awaitable of ASGI: does what the message says, at once.");

static PyObject *cycle_send_method(PyObject *self, PyObject *message)
{
	struct cycle *c = (struct cycle *)self;

	if (message_send(c, message) < 0)
		return NULL;
	if (!cycle_writable(c))
		return wait_create(c->asgi, WAIT_SEND, c);
	return py_ref(c->asgi->ready);
}

/* The application has died or stopped half-way: a 500 with `page`, or a connection cut short. */
static void cycle_fail(struct cycle *c, PyObject *page)
{
	struct http_request *req = cycle_detach(c, CYCLE_GONE);
	bool clean = page && !http_response_started(req);
	char *text;
	Py_ssize_t len;

	if (clean && PyBytes_AsStringAndSize(page, &text, &len) == 0)
		http_response_simple(req, 500, "text/plain; charset=utf-8", text, (size_t)len);
	else
		http_response_abort(req);
	cycle_wake(c);
}

static const char *cycle_missing(const struct cycle *c)
{
	switch (c->state) {
	case CYCLE_OPEN:
		return "without starting a response";
	case CYCLE_STARTED:
		return "without completing the response";
	case CYCLE_COMPLETE:
	case CYCLE_GONE:
		break;
	}
	return NULL;
}

PyDoc_STRVAR(close_doc,
	     "close(page=None)\n\n"
	     "The application has ended. Returns what it has left undone, or None; then the\n"
	     "client gets a 500 with the bytes of `page`, or a broken connection.");

static PyObject *cycle_close(PyObject *self, PyObject *args)
{
	struct cycle *c = (struct cycle *)self;
	const char *missing = cycle_missing(c);
	PyObject *page = Py_None;

	if (!PyArg_ParseTuple(args, "|O", &page))
		return NULL;
	if (page != Py_None && !PyBytes_Check(page)) {
		PyErr_SetString(PyExc_TypeError, "close() takes bytes or None");
		return NULL;
	}
	if (c->req)
		cycle_fail(c, page == Py_None ? NULL : page);
	/* The ring opens; asyncio itself holds the task while it runs. */
	list_remove(&c->link);
	py_set(&c->task, NULL);
	return Py_BuildValue("z", missing);
}

/* Reached with a request only when the coroutine was thrown away before its first step. */
static void cycle_dealloc(PyObject *self)
{
	struct cycle *c = (struct cycle *)self;
	struct py_error error = {0};

	py_error_take(&error);
	if (c->req)
		http_response_abort(cycle_detach(c, CYCLE_GONE));
	list_remove(&c->link);
	Py_XDECREF(c->waiters);
	Py_XDECREF(c->task);
	py_error_restore(&error);
	py_object_free(self);
}

struct cycle *cycle_create(struct asgi *a, struct http_request *req)
{
	struct cycle *c = PyObject_New(struct cycle, a->cycle_type);

	if (!c)
		return NULL;
	c->asgi = a;
	c->req = req;
	c->state = CYCLE_OPEN;
	c->body_done = false;
	c->full = false;
	c->task = NULL;
	c->waiters = NULL;
	c->held = c->link = (struct list_node){0}; /* Python's memory is not empty */
	list_push_back(&a->cycles, &c->link);
	http_request_set_data(req, c);
	return c;
}

PyTypeObject *cycle_type_add(PyObject *module)
{
	/* Static because method objects refer to it for as long as they live. */
	static PyMethodDef methods[] = {
		{"receive", cycle_receive_method, METH_NOARGS, receive_doc},
		{"send", cycle_send_method, METH_O, send_doc},
		{"close", cycle_close, METH_VARARGS, close_doc},
		{NULL, NULL, 0, NULL},
	};
	PyType_Slot slots[] = {
		{Py_tp_new, py_no_new},
		{Py_tp_dealloc, cycle_dealloc},
		{Py_tp_methods, methods},
		{0, NULL},
	};
	PyType_Spec spec = {
		.name = "blackbulld._blackbulld.Cycle",
		.basicsize = sizeof(struct cycle),
		.flags = Py_TPFLAGS_DEFAULT,
		.slots = slots,
	};

	return py_type_add(module, &spec);
}
