/*
 * The one home of CPython's conventions: references, errors put away and brought back, heap types.
 *
 * Everything in daemon/asgi is written against the limited API of Python 3.9 (PEP 384), so that one file serves
 * every later Python. Functions that return PyObject * return a new reference, or NULL with an exception
 * set, unless they say otherwise; "borrowed" means that the caller must not give it up.
 */
#ifndef DAEMON_ASGI_PYUTIL_H
#define DAEMON_ASGI_PYUTIL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

/* A reference of one's own to `o`, which may be NULL (Py_XNewRef, which 3.9 lacks). */
static inline PyObject *py_ref(PyObject *o)
{
	Py_XINCREF(o);
	return o;
}

/* Puts `value` into *slot, whose reference passes to the slot, and gives up what was there. */
void py_set(PyObject **slot, PyObject *value);

/* An exception that was put away, because nothing can be raised through libev or out of a destructor. */
struct py_error {
	PyObject *type, *value, *trace;
};

/* Takes the pending exception, if any. A second one while *e is full is printed instead. */
void py_error_take(struct py_error *e);
bool py_error_is_set(const struct py_error *e);
/* Makes it the pending exception again; *e is empty then. */
void py_error_restore(struct py_error *e);
void py_error_clear(struct py_error *e);

/* Prints the pending exception on stderr, with a word on where it came from, and clears it. */
void py_error_print(const char *where);

/* Raises OSError of an errno value, positive or negative. Returns NULL. */
PyObject *py_raise_errno(int err);

/* The type of `spec`, and under its last name in `module`. The caller owns the reference. */
PyTypeObject *py_type_add(PyObject *module, PyType_Spec *spec);
/* Py_tp_new of types that only C makes: raises TypeError. */
PyObject *py_no_new(PyTypeObject *type, PyObject *args, PyObject *kwargs);
/* Ends an object without further ado: memory back, and the reference that it held to its heap type. */
void py_object_free(void *self);

/*
 * The bytes of a bytes, bytearray or memoryview. *p is valid as long as *holder, which the caller gives up
 * afterwards. Returns 0, or -1 with a TypeError that begins with `what`.
 */
int py_bytes(PyObject *o, const char *what, PyObject **holder, const char **p,
	     size_t *len) BB_NODISCARD;

/* dict[key] = value, giving up `value`; a NULL value is an error that was raised already. 0 or -1. */
int py_dict_put(PyObject *dict, PyObject *key, PyObject *value) BB_NODISCARD;

#endif
