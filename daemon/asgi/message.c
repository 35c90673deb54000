/* The messages that an application sends. */
#include "daemon/asgi/message.h"

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/asgi/asgi.h"
#include "daemon/asgi/cycle.h"
#include "daemon/asgi/message_file.h"
#include "daemon/http/app.h"

#include <errno.h>
#include <string.h>

#define STATUS_EARLY_HINTS 103
#define HINTS_MAX	   (64 * 1024) /* bytes of one 103 response */

static int raise_disconnected(const struct asgi *a)
{
	PyObject *args = Py_BuildValue("(is)", ECONNRESET, "the client has left");

	if (args)
		PyErr_SetObject(a->disconnected, args);
	Py_XDECREF(args);
	return -1;
}

int message_sent(struct cycle *c, int result)
{
	switch (result) {
	case 0:
		return 0;
	case 1:
		c->full = true;
		return 0;
	case -ECONNABORTED:
		return raise_disconnected(c->asgi);
	case -EINVAL:
		PyErr_SetString(PyExc_RuntimeError,
				"the response is longer than its content-length");
		return -1;
	default:
		py_raise_errno(result);
		return -1;
	}
}

/* Borrowed; NULL without an exception when it is missing. */
static PyObject *message_get(const struct cycle *c, PyObject *message, enum string key)
{
	return PyDict_GetItemWithError(message, c->asgi->str[key]);
}

/* The same, but it must be there. */
static PyObject *message_require(const struct cycle *c, PyObject *message, enum string key)
{
	PyObject *value = message_get(c, message, key);

	if (!value && !PyErr_Occurred())
		PyErr_Format(PyExc_ValueError, "the message has no key '%U'", c->asgi->str[key]);
	return value;
}

static int get_more_body(const struct cycle *c, PyObject *message)
{
	PyObject *more = message_get(c, message, STR_MORE_BODY);

	if (!more)
		return PyErr_Occurred() ? -1 : 0;
	return PyObject_IsTrue(more);
}

static int check_pair(PyObject *pair)
{
	if (pair && PyTuple_Size(pair) == 2)
		return 0;
	if (!pair && !PyErr_ExceptionMatches(PyExc_TypeError))
		return -1;
	PyErr_SetString(PyExc_TypeError, "each header must be a pair of bytes: (name, value)");
	return -1;
}

static int put_header_bytes(struct cycle *c, PyObject *name, PyObject *value)
{
	PyObject *name_holder, *value_holder;
	const char *n, *v;
	size_t n_len, v_len;
	int err;

	if (py_bytes(name, "a header's name", &name_holder, &n, &n_len) < 0)
		return -1;
	if (py_bytes(value, "a header's value", &value_holder, &v, &v_len) < 0) {
		Py_DECREF(name_holder);
		return -1;
	}
	err = http_response_header(c->req, n, n_len, v, v_len);
	if (err)
		PyErr_Format(PyExc_ValueError, "not a valid header: %R: %R", name_holder,
			     value_holder);
	Py_DECREF(name_holder);
	Py_DECREF(value_holder);
	return err ? -1 : 0;
}

static int put_header(struct cycle *c, PyObject *pair)
{
	PyObject *tuple = PySequence_Tuple(pair); /* a tuple itself, mostly */
	int err = check_pair(tuple);

	if (!err)
		err = put_header_bytes(c, PyTuple_GetItem(tuple, 0), PyTuple_GetItem(tuple, 1));
	Py_XDECREF(tuple);
	return err;
}

static int put_headers(struct cycle *c, PyObject *headers)
{
	/* The specification wants an iterable. A list of our own cannot change while we walk. */
	PyObject *list = PySequence_List(headers);
	Py_ssize_t n = list ? PyList_Size(list) : -1;
	int err = list ? 0 : -1;

	for (Py_ssize_t i = 0; !err && i < n; i++)
		err = put_header(c, PyList_GetItem(list, i));
	Py_XDECREF(list);
	return err;
}

static int put_status(struct cycle *c, PyObject *status)
{
	long code;

	if (!PyLong_Check(status)) {
		PyErr_Format(PyExc_TypeError, "'status' must be an int, not %R",
			     (PyObject *)Py_TYPE(status));
		return -1;
	}
	code = PyLong_AsLong(status);
	if (code < 0 || code > 999 || http_response_start(c->req, (int)code) < 0) {
		PyErr_Format(PyExc_ValueError, "'status' must be in 200..599, not %R", status);
		return -1;
	}
	return 0;
}

/* The head is held until the body begins or the loop goes to sleep, so that a crash can still become a 500. */
static int handle_start(struct cycle *c, PyObject *message)
{
	PyObject *status = message_require(c, message, STR_STATUS);
	PyObject *headers;

	if (!status)
		return -1;
	if (c->state != CYCLE_OPEN) {
		PyErr_SetString(PyExc_RuntimeError, "'http.response.start' was sent before");
		return -1;
	}
	if (put_status(c, status) < 0)
		return -1;
	headers = message_get(c, message, STR_HEADERS);
	if (headers ? put_headers(c, headers) < 0 : PyErr_Occurred() != NULL)
		return -1;
	c->state = CYCLE_STARTED;
	list_push_back(&c->asgi->held, &c->held);
	return 0;
}

static int put_body(struct cycle *c, PyObject *body)
{
	PyObject *holder;
	const char *data;
	size_t len;
	int err;

	if (py_bytes(body, "'body'", &holder, &data, &len) < 0)
		return -1;
	/* Nothing to say: the end that follows, or the idle loop, sends the head. */
	err = len > 0 ? message_sent(c, http_response_body(c->req, data, len)) : 0;
	if (len > 0)
		list_remove(&c->held);
	Py_DECREF(holder);
	return err;
}

static int handle_body(struct cycle *c, PyObject *message)
{
	PyObject *body = message_get(c, message, STR_BODY);
	int more = get_more_body(c, message);

	if (more < 0 || PyErr_Occurred())
		return -1;
	if (body && put_body(c, body) < 0)
		return -1;
	if (!more && c->req)
		cycle_complete(c);
	return 0;
}

/* One "link" line of an interim response; what would end the line early is refused. */
static int add_hint(struct buf *lines, PyObject *link)
{
	PyObject *holder;
	const char *data;
	size_t len;
	int err = 0;

	if (py_bytes(link, "a link", &holder, &data, &len) < 0)
		return -1;
	if (memchr(data, '\r', len) || memchr(data, '\n', len) || memchr(data, '\0', len)) {
		PyErr_Format(PyExc_ValueError, "not a valid link: %R", holder);
		err = -1;
	} else if (buf_add(lines, "link: ", 6) || buf_add(lines, data, len) ||
		   buf_add(lines, "\r\n", 2)) {
		PyErr_SetString(PyExc_ValueError, "the links are too long");
		err = -1;
	}
	Py_DECREF(holder);
	return err;
}

static int send_hints(struct cycle *c, const struct buf *lines)
{
	int err = http_response_informational(c->req, STATUS_EARLY_HINTS, buf_data(lines),
					      buf_len(lines));

	if (err != -EINVAL)
		return message_sent(c, err);
	PyErr_SetString(PyExc_ValueError, http_response_started(c->req)
						  ? "early hints cannot follow the response's head"
						  : "a link has bytes that no header may have");
	return -1;
}

static int handle_early_hint(struct cycle *c, PyObject *message)
{
	PyObject *links = message_require(c, message, STR_LINKS);
	PyObject *list = links ? PySequence_List(links) : NULL;
	Py_ssize_t n = list ? PyList_Size(list) : 0;
	int err = list ? 0 : -1;
	struct buf lines;

	buf_init(&lines, HINTS_MAX);
	for (Py_ssize_t i = 0; !err && i < n; i++)
		err = add_hint(&lines, PyList_GetItem(list, i));
	if (!err && n > 0)
		err = send_hints(c, &lines);
	buf_finish(&lines);
	Py_XDECREF(list);
	return err;
}

static int handle_pathsend(struct cycle *c, PyObject *message)
{
	PyObject *path = message_require(c, message, STR_PATH);

	if (!path || message_send_path(c, path) < 0)
		return -1;
	if (c->req)
		cycle_complete(c);
	return 0;
}

static int handle_zerocopysend(struct cycle *c, PyObject *message)
{
	PyObject *file = message_require(c, message, STR_FILE);
	PyObject *offset = message_get(c, message, STR_OFFSET);
	PyObject *count = message_get(c, message, STR_COUNT);
	int more = get_more_body(c, message);

	if (!file || more < 0 || PyErr_Occurred())
		return -1;
	if (message_send_file(c, file, offset, count) < 0)
		return -1;
	if (!more && c->req)
		cycle_complete(c);
	return 0;
}

struct handler {
	enum string type;
	bool started; /* whether it belongs to a response whose head is known */
	int (*handle)(struct cycle *c, PyObject *message);
};

/* By how often they come. handle_start() looks at the order itself. */
static const struct handler handlers[] = {
	{STR_RESPONSE_START, false, handle_start},  {STR_RESPONSE_BODY, true, handle_body},
	{STR_PATHSEND, true, handle_pathsend},	    {STR_ZEROCOPYSEND, true, handle_zerocopysend},
	{STR_EARLY_HINT, false, handle_early_hint},
};

static const struct handler *handler_find(const struct asgi *a, PyObject *type)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		PyObject *known = a->str[handlers[i].type];

		if (type == known || PyUnicode_Compare(type, known) == 0)
			return &handlers[i];
	}
	PyErr_Format(PyExc_ValueError, "unknown message type %R", type);
	return NULL;
}

/* The handler of a message, if it is one and comes in order; else NULL with an exception. */
static const struct handler *message_handler(const struct cycle *c, PyObject *message)
{
	PyObject *type = message_require(c, message, STR_TYPE);
	const struct handler *handler;

	if (!type)
		return NULL;
	if (!PyUnicode_Check(type)) {
		PyErr_Format(PyExc_TypeError, "'type' must be a str, not %R",
			     (PyObject *)Py_TYPE(type));
		return NULL;
	}
	handler = handler_find(c->asgi, type);
	if (!handler || !handler->started || c->state != CYCLE_OPEN)
		return handler;
	PyErr_Format(PyExc_RuntimeError, "'%U' came before 'http.response.start'", type);
	return NULL;
}

int message_send(struct cycle *c, PyObject *message)
{
	const struct handler *handler;

	if (c->state == CYCLE_COMPLETE)
		return 0;
	if (!PyDict_Check(message)) {
		PyErr_Format(PyExc_TypeError, "a message must be a dict, not %R",
			     (PyObject *)Py_TYPE(message));
		return -1;
	}
	handler = message_handler(c, message);
	if (!handler)
		return -1;
	if (c->state == CYCLE_GONE)
		return raise_disconnected(c->asgi);
	return handler->handle(c, message);
}
