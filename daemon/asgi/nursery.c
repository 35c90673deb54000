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
		if (receive(buf, &m, fds, &nfds) < 0)
			return -1;
		close_all(fds, nfds);
		if (m.type != CHANNEL_PRELOAD ||
		    texts_receive(m.body, m.len, &flags, &texts, &len) < 0) {
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

/* (the token, the descriptors) of SPAWN; a new reference. */
static PyObject *read_spawn(const struct channel_message *m, int *fds, size_t nfds)
{
	struct nursery_spawn spawn;
	PyObject *list;

	if (nursery_spawn_decode(m->body, m->len, &spawn) < 0) {
		close_all(fds, nfds);
		return py_raise_errno(EBADMSG);
	}
	list = fd_list(fds, nfds);
	return list ? Py_BuildValue("sKN", "spawn", (unsigned long long)spawn.token, list) : NULL;
}

static PyObject *read_prepare(const struct channel_message *m, int *fds, size_t nfds)
{
	struct nursery_prepare p;

	close_all(fds, nfds);
	if (nursery_prepare_decode(m->body, m->len, &p) < 0)
		return py_raise_errno(EBADMSG);
	return Py_BuildValue("sIO", "prepare", (unsigned)p.workers, p.asked ? Py_True : Py_False);
}

/* What the message asks of a nursery; None if it is for somebody else. */
static PyObject *read_request(const struct channel_message *m, int *fds, size_t nfds)
{
	if (m->type == CHANNEL_SPAWN)
		return read_spawn(m, fds, nfds);
	if (m->type == CHANNEL_PREPARE)
		return read_prepare(m, fds, nfds);
	close_all(fds, nfds);
	Py_RETURN_NONE;
}

/* Whether there is something to read within so many milliseconds; any number below 0 is for ever. */
static bool arrives(int timeout_ms)
{
	struct pollfd p = {.fd = WORKER_CHANNEL_FD, .events = POLLIN};

	return poll(&p, 1, timeout_ms) != 0;
}

PyDoc_STRVAR(
	next_doc,
	"next(timeout)\n\nSleep until the master wants something: (\"spawn\", token, "
	"descriptors), or\n(\"prepare\", how many, whether they are asked for). None when so many "
	"milliseconds have passed;\n-1 is for ever.");

static PyObject *nursery_next(PyObject *module BB_UNUSED, PyObject *args)
{
	PyObject *request = NULL;
	struct channel_message m;
	int fds[FD_PASS_MAX], timeout;
	size_t nfds = 0;
	char *buf;

	if (!PyArg_ParseTuple(args, "i", &timeout))
		return NULL;
	if (!arrives(timeout))
		Py_RETURN_NONE;
	buf = malloc(CHANNEL_MESSAGE_MAX);
	if (!buf)
		return PyErr_NoMemory();
	if (receive(buf, &m, fds, &nfds) == 0)
		request = read_request(&m, fds, nfds);
	free(buf);
	return request;
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

/* The newborn's life until it is a worker. It ends here if nobody wants it. */
static void become_worker(int orphaned, pid_t master, int nursery)
{
	if (birth_adopt(orphaned, master) < 0 || birth_wait(nursery) < 0)
		_exit(0);
}

PyDoc_STRVAR(lay_doc,
	     "lay(master)\n\n"
	     "Fork a process that is the child of the process `master`, and becomes a worker when "
	     "it is\nhatched. Returns the socket to do that with; None in the worker, then.");

static PyObject *nursery_lay(PyObject *module BB_UNUSED, PyObject *args)
{
	int master, orphaned, ends[2];
	pid_t pid;

	if (!PyArg_ParseTuple(args, "i", &master))
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return py_raise_errno(errno);
	PyOS_BeforeFork();
	pid = birth_fork(&orphaned);
	if (pid == 0) {
		PyOS_AfterFork_Child();
		fd_close(&ends[0]);
		become_worker(orphaned, master, ends[1]);
		Py_RETURN_NONE;
	}
	PyOS_AfterFork_Parent();
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return py_raise_errno(pid);
	}
	return PyLong_FromLong(ends[0]);
}

PyDoc_STRVAR(hatch_doc,
	     "hatch(egg, descriptors)\n\nMake a worker of it, which gets the descriptors.");

static PyObject *nursery_hatch(PyObject *module BB_UNUSED, PyObject *args)
{
	int fds[FD_PASS_MAX], egg, err;
	PyObject *list;
	size_t nfds;

	if (!PyArg_ParseTuple(args, "iO!", &egg, &PyList_Type, &list) ||
	    read_fds(list, fds, &nfds) < 0)
		return NULL;
	err = birth_hatch(egg, fds, nfds);
	if (err)
		return py_raise_errno(err);
	Py_RETURN_NONE;
}

PyMethodDef *nursery_functions(void)
{
	static PyMethodDef functions[] = {
		{"role", nursery_role, METH_NOARGS, role_doc},
		{"preload", nursery_preload, METH_NOARGS, preload_doc},
		{"warm", nursery_warm, METH_VARARGS, warm_doc},
		{"spoilt", nursery_spoilt, METH_VARARGS, spoilt_doc},
		{"next", nursery_next, METH_VARARGS, next_doc},
		{"refuse", nursery_refuse, METH_VARARGS, refuse_doc},
		{"lay", nursery_lay, METH_VARARGS, lay_doc},
		{"hatch", nursery_hatch, METH_VARARGS, hatch_doc},
		{NULL, NULL, 0, NULL},
	};

	return functions;
}
