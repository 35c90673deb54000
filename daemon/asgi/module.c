/*
 * The Python module blackbulld._blackbulld: what worker.py calls, in this order.
 *
 *   open() ─► (the application is imported) ─► serve() … stopping() ─► close()
 *                   └► fail()
 *
 * All state is the module's own (struct asgi), so that there is none per process.
 */
#include "daemon/asgi/pyutil.h"

#include "common/attr.h"
#include "common/log.h"
#include "common/version.h"
#include "daemon/asgi/asgi.h"
#include "daemon/asgi/cycle.h"
#include "daemon/asgi/nursery.h"
#include "daemon/asgi/selector.h"
#include "daemon/asgi/strings.h"
#include "daemon/asgi/wait.h"
#include "daemon/worker/worker.h"

#include <stdlib.h>

static struct asgi *asgi_of(PyObject *module)
{
	return PyModule_GetState(module);
}

/* The worker, or NULL with an exception when open() was not called. */
static struct worker *opened(PyObject *module)
{
	struct worker *w = asgi_of(module)->worker;

	if (!w)
		PyErr_SetString(PyExc_RuntimeError, "open() comes first");
	return w;
}

static PyObject *config_dict(const struct worker_config *c)
{
	return Py_BuildValue(
		"{s:K, s:I, s:I, s:O, s:O, s:K, s:z, s:z, s:z, s:z, s:z}", "generation",
		(unsigned long long)c->generation, "slot", (unsigned)c->slot, "workers",
		(unsigned)c->workers, "reload", c->reload ? Py_True : Py_False, "debug_errors",
		c->debug_errors ? Py_True : Py_False, "drain_timeout_ms",
		(unsigned long long)c->drain_timeout_ms, "target", c->target, "app_dir", c->app_dir,
		"interface", c->interface, "lifespan", c->lifespan, "watch_roots", c->watch_roots);
}

PyDoc_STRVAR(open_doc, "open()\n\nWait for the master's configuration, and return it as a dict.");

static PyObject *module_open(PyObject *module, PyObject *unused BB_UNUSED)
{
	struct asgi *a = asgi_of(module);
	int err;

	if (a->worker) {
		PyErr_SetString(PyExc_RuntimeError, "open() was called before");
		return NULL;
	}
	err = worker_open(&a->worker);
	if (err)
		return py_raise_errno(err);
	return config_dict(worker_config(a->worker));
}

PyDoc_STRVAR(fail_doc,
	     "fail(stage, message, file, line, detail)\n\nTell the master that we cannot serve.");

static PyObject *module_fail(PyObject *module, PyObject *args)
{
	struct worker *w = opened(module);
	const char *stage, *message, *file, *detail;
	unsigned line;
	struct worker_error e;

	if (!w || !PyArg_ParseTuple(args, "sszIz", &stage, &message, &file, &line, &detail))
		return NULL;
	/* worker_fail() only reads, so that its strings may be Python's. */
	e = (struct worker_error){
		.stage = (char *)stage,
		.message = (char *)message,
		.file = (char *)file,
		.detail = (char *)detail,
		.line = line,
	};
	worker_fail(w, &e);
	Py_RETURN_NONE;
}

PyDoc_STRVAR(serve_doc,
	     "serve(selector, loop, app, respond, state, stopping, eager)\n\n"
	     "Serve `app` on the selector's loop: each request becomes a task of `loop` that runs\n"
	     "respond(app, cycle, scope). stopping(cut) is called when the worker is to end; "
	     "`cut`: it had\n"
	     "to cut off requests, because its time was over.");

static PyObject *module_serve(PyObject *module, PyObject *args)
{
	struct asgi *a = asgi_of(module);
	struct asgi_options o;

	if (!opened(module) ||
	    !PyArg_ParseTuple(args, "O!OOOO!Op", a->selector_type, &o.selector, &o.loop, &o.app,
			      &o.respond, &PyDict_Type, &o.state, &o.stopping, &o.eager))
		return NULL;
	if (a->selector) {
		PyErr_SetString(PyExc_RuntimeError, "serve() was called before");
		return NULL;
	}
	if (asgi_serve(a, &o) < 0)
		return NULL;
	Py_RETURN_NONE;
}

PyDoc_STRVAR(tasks_doc, "tasks()\n\nThe tasks of requests that have not ended.");

static PyObject *module_tasks(PyObject *module, PyObject *unused BB_UNUSED)
{
	return asgi_tasks(asgi_of(module));
}

PyDoc_STRVAR(close_doc, "close()\n\nStop serving; what is open is cut.");

static PyObject *module_close(PyObject *module, PyObject *unused BB_UNUSED)
{
	asgi_close(asgi_of(module));
	Py_RETURN_NONE;
}

PyDoc_STRVAR(abandon_doc,
	     "abandon()\n\nFor os.register_at_fork: a child leaves the parent's server alone.");

static PyObject *module_abandon(PyObject *module, PyObject *unused BB_UNUSED)
{
	asgi_abandon(asgi_of(module));
	Py_RETURN_NONE;
}

PyDoc_STRVAR(log_doc, "log(level, message)\n\nOne line to the worker's log.");

static PyObject *module_log(PyObject *module BB_UNUSED, PyObject *args)
{
	const char *name, *message;
	enum log_level level;

	if (!PyArg_ParseTuple(args, "ss", &name, &message))
		return NULL;
	if (log_level_parse(name, &level) < 0) {
		PyErr_Format(PyExc_ValueError, "unknown log level \"%s\"", name);
		return NULL;
	}
	log_write(level, "%s", message);
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{"open", module_open, METH_NOARGS, open_doc},
	{"fail", module_fail, METH_VARARGS, fail_doc},
	{"serve", module_serve, METH_VARARGS, serve_doc},
	{"tasks", module_tasks, METH_NOARGS, tasks_doc},
	{"close", module_close, METH_NOARGS, close_doc},
	{"abandon", module_abandon, METH_NOARGS, abandon_doc},
	{"log", module_log, METH_VARARGS, log_doc},
	{NULL, NULL, 0, NULL},
};

static PyObject *disconnected_create(void)
{
	return PyErr_NewExceptionWithDoc("blackbulld.ClientDisconnected",
					 "The client has left before the response was complete.",
					 PyExc_ConnectionResetError, NULL);
}

static int add_types(PyObject *module, struct asgi *a)
{
	a->selector_type = selector_type_add(module);
	a->cycle_type = a->selector_type ? cycle_type_add(module) : NULL;
	a->wait_type = a->cycle_type ? wait_type_add(module) : NULL;
	a->ready = a->wait_type ? wait_create(a, WAIT_NOTHING, NULL) : NULL;
	return a->ready ? 0 : -1;
}

static int module_exec(PyObject *module)
{
	struct asgi *a = asgi_of(module);

	list_init(&a->cycles);
	list_init(&a->held);
	if (strings_init(a->str) < 0 || add_types(module, a) < 0)
		return -1;
	a->disconnected = disconnected_create();
	/* PyModule_AddObject takes a reference, but on success only. */
	if (!a->disconnected ||
	    PyModule_AddObject(module, "ClientDisconnected", py_ref(a->disconnected)) < 0) {
		Py_XDECREF(a->disconnected);
		return -1;
	}
	if (PyModule_AddFunctions(module, nursery_functions()) < 0 ||
	    PyModule_AddFunctions(module, nursery_worker_functions()) < 0)
		return -1;
	return PyModule_AddStringConstant(module, "__version__", BB_VERSION);
}

static void module_free(void *module)
{
	struct asgi *a = asgi_of(module);

	/* Not asgi_close(): connections end with the process, and this may be a forked child. */
	if (!a)
		return;
	py_set(&a->ready, NULL);
	py_set(&a->disconnected, NULL);
	py_set((PyObject **)&a->wait_type, NULL);
	py_set((PyObject **)&a->cycle_type, NULL);
	py_set((PyObject **)&a->selector_type, NULL);
	strings_finish(a->str);
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_exec, module_exec},
	{0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_blackbulld",
	.m_doc = "blackbulld's HTTP server and selector.",
	.m_size = sizeof(struct asgi),
	.m_methods = functions,
	.m_slots = slots,
	.m_free = module_free,
};

PyMODINIT_FUNC PyInit__blackbulld(void);

PyMODINIT_FUNC PyInit__blackbulld(void)
{
	return PyModuleDef_Init(&definition);
}
