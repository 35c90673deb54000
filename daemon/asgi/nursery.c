/* The functions of the module that the nursery is made with. */
#include "daemon/asgi/nursery.h"

#include "common/fd.h"
#include "daemon/asgi/birth.h"
#include "daemon/asgi/texts.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/ipc/worker_config.h"
#include "daemon/worker/startup.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the channel ------------------------------------------------------------------------------ */

/* Sends a body, whose encoding went as `err` says, and frees it. */
static PyObject *send_body(enum channel_type type, struct buf *body, int err)
{
	if (!err)
		err = startup_send(WORKER_CHANNEL_FD, type, buf_data(body), buf_len(body));
	buf_finish(body);
	if (err)
		return py_raise_errno(err);
	Py_RETURN_NONE;
}

/* The next message. The process ends with its master. Returns 0, or -1 with an exception. */
static int receive(char *buf, struct channel_message *m, int *fds, size_t *nfds)
{
	int got = channel_recv_fds(WORKER_CHANNEL_FD, buf, CHANNEL_MESSAGE_MAX, m, fds, nfds);

	if (got == 0)
		_exit(0);
	if (got < 0)
		py_raise_errno(got);
	return got < 0 ? -1 : 0;
}

static void close_all(int *fds, size_t nfds)
{
	for (size_t i = 0; i < nfds; i++)
		fd_close(&fds[i]);
}

/* Waits for a message of one type; others are not for a nursery. */
static int receive_type(enum channel_type type, char *buf, struct channel_message *m, int *fds,
			size_t *nfds)
{
	for (;;) {
		if (receive(buf, m, fds, nfds) < 0)
			return -1;
		if (m->type == type)
			return 0;
		close_all(fds, *nfds);
	}
}

PyDoc_STRVAR(role_doc,
	     "role()\n\nWhat the master has called this process to: \"worker\" or \"nursery\".");

static PyObject *nursery_role(PyObject *module BB_UNUSED, PyObject *unused BB_UNUSED)
{
	struct pollfd p = {.fd = WORKER_CHANNEL_FD, .events = POLLIN};
	unsigned char head[2] = {0};
	ssize_t n;

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	n = recv(WORKER_CHANNEL_FD, head, sizeof(head), MSG_PEEK);
	if (n < 0)
		return py_raise_errno(errno);
	return PyUnicode_FromString(head[1] == CHANNEL_PRELOAD ? "nursery" : "worker");
}

/* Puts the texts of every PRELOAD message into list. Returns 0, or -1 with an exception. */
static int receive_steps(char *buf, PyObject *list)
{
	int fds[FD_PASS_MAX];
	size_t nfds = 0, len;
	struct channel_message m;
	const void *texts;
	uint8_t flags;

	do {
		if (receive_type(CHANNEL_PRELOAD, buf, &m, fds, &nfds) < 0)
			return -1;
		close_all(fds, nfds);
		if (texts_receive(m.body, m.len, &flags, &texts, &len) < 0) {
			py_raise_errno(EBADMSG);
			return -1;
		}
		if (texts_to_list(texts, len, list) < 0)
			return -1;
	} while (flags & MODULES_MORE);
	return 0;
}

PyDoc_STRVAR(preload_doc, "preload()\n\nWait for the list of steps to take, and return it.");

static PyObject *nursery_preload(PyObject *module BB_UNUSED, PyObject *unused BB_UNUSED)
{
	int err = fd_set_cloexec(WORKER_CHANNEL_FD, true);
	PyObject *list;
	char *buf;

	/* From here on recvmsg() is where the nursery sleeps. */
	if (!err)
		err = fd_set_nonblock(WORKER_CHANNEL_FD, false);
	if (err)
		return py_raise_errno(err);
	list = PyList_New(0);
	buf = malloc(CHANNEL_MESSAGE_MAX);
	if (!buf)
		PyErr_NoMemory();
	if (!list || !buf || receive_steps(buf, list) < 0)
		py_set(&list, NULL);
	free(buf);
	return list;
}

PyDoc_STRVAR(warm_doc, "warm(modules)\n\nTell the master that workers can be born.");

static PyObject *nursery_warm(PyObject *module BB_UNUSED, PyObject *args)
{
	unsigned modules;
	struct buf body;

	if (!PyArg_ParseTuple(args, "I", &modules))
		return NULL;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	return send_body(CHANNEL_WARM, &body, nursery_number_encode(modules, &body));
}

PyDoc_STRVAR(spoilt_doc, "spoilt(reason, names)\n\n"
			 "Tell the master that we are of no use, and which modules are to be left "
			 "out next time.");

static PyObject *nursery_spoilt(PyObject *module BB_UNUSED, PyObject *args)
{
	PyObject *reason, *names;
	struct buf body;

	if (!PyArg_ParseTuple(args, "UO!", &reason, &PyList_Type, &names))
		return NULL;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	if (texts_add_str(&body, reason) < 0 || texts_add_list(&body, names) < 0) {
		buf_finish(&body);
		return NULL;
	}
	return send_body(CHANNEL_SPOILT, &body, 0);
}

/* The descriptors as a list of int; they are closed if it cannot be made. */
static PyObject *fd_list(int *fds, size_t nfds)
{
	PyObject *list = PyList_New((Py_ssize_t)nfds);

	for (size_t i = 0; list && i < nfds; i++) {
		PyObject *fd = PyLong_FromLong(fds[i]);

		if (!fd || PyList_SetItem(list, (Py_ssize_t)i, fd) < 0)
			py_set(&list, NULL);
	}
	if (!list)
		close_all(fds, nfds);
	return list;
}

PyDoc_STRVAR(next_doc, "next()\n\n"
		       "Sleep until the master wants a worker. Returns (token, the master's pid, "
		       "the worker's descriptors).");

static PyObject *nursery_next(PyObject *module BB_UNUSED, PyObject *unused BB_UNUSED)
{
	char *buf = malloc(CHANNEL_MESSAGE_MAX);
	struct nursery_spawn spawn = {0};
	struct channel_message m;
	int fds[FD_PASS_MAX], err;
	size_t nfds = 0;
	PyObject *list;

	if (!buf)
		return PyErr_NoMemory();
	err = receive_type(CHANNEL_SPAWN, buf, &m, fds, &nfds);
	if (!err && nursery_spawn_decode(m.body, m.len, &spawn) < 0) {
		close_all(fds, nfds);
		py_raise_errno(EBADMSG);
		err = -1;
	}
	free(buf);
	list = err ? NULL : fd_list(fds, nfds);
	return list ? Py_BuildValue("KIN", (unsigned long long)spawn.token, (unsigned)spawn.master,
				    list)
		    : NULL;
}

PyDoc_STRVAR(refuse_doc,
	     "refuse(token, reason)\n\nTell the master to start that worker without us.");

static PyObject *nursery_refuse(PyObject *module BB_UNUSED, PyObject *args)
{
	unsigned long long token;
	const char *reason;
	struct buf body;

	if (!PyArg_ParseTuple(args, "Ks", &token, &reason))
		return NULL;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	return send_body(CHANNEL_REFUSED, &body, nursery_refused_encode(token, reason, &body));
}

/* --- birth ------------------------------------------------------------------------------------ */

static int read_fds(PyObject *list, int *fds, size_t *nfds)
{
	Py_ssize_t n = PyList_Size(list);

	if (n < 0 || n > FD_PASS_MAX)
		return -1;
	for (Py_ssize_t i = 0; i < n; i++)
		fds[i] = (int)PyLong_AsLong(PyList_GetItem(list, i));
	*nfds = (size_t)n;
	return PyErr_Occurred() ? -1 : 0;
}

PyDoc_STRVAR(bear_doc, "bear(master, descriptors)\n\n"
		       "Fork a worker, which gets the descriptors, and is the child of the process "
		       "`master`.\nReturns True in the worker and False here.");

static PyObject *nursery_bear(PyObject *module BB_UNUSED, PyObject *args)
{
	int fds[FD_PASS_MAX];
	PyObject *list;
	size_t nfds;
	int master, orphaned;
	pid_t pid;

	if (!PyArg_ParseTuple(args, "iO!", &master, &PyList_Type, &list) ||
	    read_fds(list, fds, &nfds) < 0)
		return NULL;
	PyOS_BeforeFork();
	pid = birth_fork(&orphaned);
	if (pid == 0) {
		PyOS_AfterFork_Child();
		if (birth_settle(orphaned, master, fds, nfds) < 0)
			_exit(1);
		Py_RETURN_TRUE;
	}
	PyOS_AfterFork_Parent();
	close_all(fds, nfds);
	if (pid < 0)
		return py_raise_errno(pid);
	Py_RETURN_FALSE;
}

PyMethodDef *nursery_functions(void)
{
	static PyMethodDef functions[] = {
		{"role", nursery_role, METH_NOARGS, role_doc},
		{"preload", nursery_preload, METH_NOARGS, preload_doc},
		{"warm", nursery_warm, METH_VARARGS, warm_doc},
		{"spoilt", nursery_spoilt, METH_VARARGS, spoilt_doc},
		{"next", nursery_next, METH_NOARGS, next_doc},
		{"refuse", nursery_refuse, METH_VARARGS, refuse_doc},
		{"bear", nursery_bear, METH_VARARGS, bear_doc},
		{NULL, NULL, 0, NULL},
	};

	return functions;
}
