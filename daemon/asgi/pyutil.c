/* References, errors and types of CPython, by the limited API of 3.9. */
#include "daemon/asgi/pyutil.h"

#include <errno.h>
#include <string.h>

void py_set(PyObject **slot, PyObject *value)
{
	PyObject *old = *slot;

	/* The slot first: giving up the old value may run code that looks at it. */
	*slot = value;
	Py_XDECREF(old);
}

bool py_error_is_set(const struct py_error *e)
{
	return e->type != NULL;
}

void py_error_take(struct py_error *e)
{
	if (!PyErr_Occurred())
		return;
	if (py_error_is_set(e)) {
		py_error_print("while another exception was on its way");
		return;
	}
	PyErr_Fetch(&e->type, &e->value, &e->trace);
}

void py_error_restore(struct py_error *e)
{
	struct py_error taken = *e;

	*e = (struct py_error){0};
	PyErr_Restore(taken.type, taken.value, taken.trace);
}

void py_error_clear(struct py_error *e)
{
	py_set(&e->type, NULL);
	py_set(&e->value, NULL);
	py_set(&e->trace, NULL);
}

void py_error_print(const char *where)
{
	PyObject *context = PyUnicode_FromString(where);

	/* Takes NULL too, and never fails: sys.unraisablehook prints, by default on stderr. */
	PyErr_WriteUnraisable(context);
	Py_XDECREF(context);
}

PyObject *py_raise_errno(int err)
{
	errno = err < 0 ? -err : err;
	return PyErr_SetFromErrno(PyExc_OSError);
}

PyTypeObject *py_type_add(PyObject *module, PyType_Spec *spec)
{
	PyObject *type = PyType_FromSpec(spec);

	if (!type)
		return NULL;
	/* PyModule_AddObject takes a reference, but on success only. */
	if (PyModule_AddObject(module, strrchr(spec->name, '.') + 1, py_ref(type)) < 0) {
		Py_DECREF(type);
		Py_DECREF(type);
		return NULL;
	}
	return (PyTypeObject *)type;
}

PyObject *py_no_new(PyTypeObject *type, PyObject *args BB_UNUSED, PyObject *kwargs BB_UNUSED)
{
	PyErr_Format(PyExc_TypeError, "%R objects come from the server only", (PyObject *)type);
	return NULL;
}

void py_object_free(void *self)
{
	PyTypeObject *type = Py_TYPE((PyObject *)self);

	PyObject_Free(self);
	/* Instances of heap types own a reference to them (bpo-35810). */
	Py_DECREF(type);
}

static int bytes_of(PyObject *bytes, PyObject **holder, const char **p, size_t *len)
{
	char *data;
	Py_ssize_t n;

	if (!bytes || PyBytes_AsStringAndSize(bytes, &data, &n) < 0) {
		Py_XDECREF(bytes);
		return -1;
	}
	*holder = bytes;
	*p = data;
	*len = (size_t)n;
	return 0;
}

int py_bytes(PyObject *o, const char *what, PyObject **holder, const char **p, size_t *len)
{
	if (PyBytes_Check(o))
		return bytes_of(py_ref(o), holder, p, len);
	/* These can change under our hands, so a copy is what is held. */
	if (PyByteArray_Check(o) || PyMemoryView_Check(o))
		return bytes_of(PyBytes_FromObject(o), holder, p, len);
	PyErr_Format(PyExc_TypeError, "%s must be bytes, not %R", what, (PyObject *)Py_TYPE(o));
	return -1;
}

int py_dict_put(PyObject *dict, PyObject *key, PyObject *value)
{
	int err;

	if (!value)
		return -1;
	err = PyDict_SetItem(dict, key, value);
	Py_DECREF(value);
	return err;
}
