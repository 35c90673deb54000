/* What app workers do for the sake of the nursery: tell what they imported, and from what. */
#include "daemon/asgi/nursery.h"

#include "daemon/asgi/identity.h"
#include "daemon/asgi/texts.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/ipc/worker_config.h"
#include "daemon/worker/startup.h"

static PyObject *done(int err)
{
	if (err)
		return py_raise_errno(err);
	Py_RETURN_NONE;
}

static int send_modules(void *arg BB_UNUSED, const void *body, size_t len)
{
	return startup_send(WORKER_CHANNEL_FD, CHANNEL_MODULES, body, len);
}

PyDoc_STRVAR(
	modules_doc,
	"modules(steps, whole)\n\n"
	"Tell the master what a nursery is to do. `whole`: this is all that a cold start did.");

static PyObject *nursery_modules(PyObject *module BB_UNUSED, PyObject *args)
{
	struct buf texts;
	PyObject *steps;
	int whole, err;

	if (!PyArg_ParseTuple(args, "O!p", &PyList_Type, &steps, &whole))
		return NULL;
	buf_init(&texts, SIZE_MAX);
	if (texts_add_list(&texts, steps) < 0) {
		buf_finish(&texts);
		return NULL;
	}
	err = texts_send(buf_data(&texts), buf_len(&texts), whole ? MODULES_WHOLE : 0, send_modules,
			 NULL);
	buf_finish(&texts);
	return done(err);
}

PyDoc_STRVAR(retry_doc,
	     "retry(reason)\n\nAsk the master to start this worker anew, without the nursery.");

static PyObject *nursery_retry(PyObject *module BB_UNUSED, PyObject *args)
{
	struct buf body;
	PyObject *reason;
	int err;

	if (!PyArg_ParseTuple(args, "U", &reason))
		return NULL;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	if (texts_add_str(&body, reason) < 0) {
		buf_finish(&body);
		return NULL;
	}
	err = startup_send(WORKER_CHANNEL_FD, CHANNEL_RETRY, buf_data(&body), buf_len(&body));
	buf_finish(&body);
	return done(err);
}

/* The bytes of b, which is freed. */
static PyObject *bytes_of(struct buf *b, int err)
{
	PyObject *bytes;

	bytes = err ? PyErr_NoMemory()
		    : PyBytes_FromStringAndSize(buf_data(b), (Py_ssize_t)buf_len(b));
	buf_finish(b);
	return bytes;
}

PyDoc_STRVAR(identify_doc,
	     "identify(paths)\n\nThe identities of files, 32 bytes each. The paths are bytes.");

static PyObject *nursery_identify(PyObject *module BB_UNUSED, PyObject *paths)
{
	Py_ssize_t n = PyList_Size(paths);
	struct buf b;
	int err = 0;

	if (n < 0)
		return NULL;
	buf_init(&b, SIZE_MAX);
	for (Py_ssize_t i = 0; i < n && !err; i++) {
		const char *path = PyBytes_AsString(PyList_GetItem(paths, i));

		if (!path) {
			buf_finish(&b);
			return NULL;
		}
		err = identity_add(&b, path);
	}
	return bytes_of(&b, err);
}

PyDoc_STRVAR(environment_doc, "environment()\n\nThe process's environment as one bytes object.");

static PyObject *nursery_environment(PyObject *module BB_UNUSED, PyObject *unused BB_UNUSED)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	return bytes_of(&b, identity_add_environment(&b));
}

PyMethodDef *nursery_worker_functions(void)
{
	static PyMethodDef functions[] = {
		{"modules", nursery_modules, METH_VARARGS, modules_doc},
		{"retry", nursery_retry, METH_VARARGS, retry_doc},
		{"identify", nursery_identify, METH_O, identify_doc},
		{"environment", nursery_environment, METH_NOARGS, environment_doc},
		{NULL, NULL, 0, NULL},
	};

	return functions;
}
