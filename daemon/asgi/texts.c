/* The texts of the nursery's messages as Python's strings. */
#include "daemon/asgi/texts.h"

#include "daemon/ipc/nursery_message.h"

/* File names and variables may hold any bytes, and a list of paths NULs between them. */
int texts_add_str(struct buf *texts, PyObject *str)
{
	PyObject *bytes = PyUnicode_EncodeFSDefault(str);
	char *data = NULL;
	Py_ssize_t len = 0;
	int err = bytes ? PyBytes_AsStringAndSize(bytes, &data, &len) : -1;

	if (err == 0 && texts_add(texts, data, (size_t)len) < 0) {
		PyErr_NoMemory();
		err = -1;
	}
	Py_XDECREF(bytes);
	return err;
}

int texts_add_list(struct buf *texts, PyObject *list)
{
	Py_ssize_t n = PyList_Size(list);

	for (Py_ssize_t i = 0; i < n; i++)
		if (texts_add_str(texts, PyList_GetItem(list, i)) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}

int texts_to_list(const void *texts, size_t len, PyObject *list)
{
	struct reader r;
	const char *text;
	size_t n;

	reader_init(&r, texts, len);
	while (texts_next(&r, &text, &n) == 1) {
		PyObject *str = PyUnicode_DecodeFSDefaultAndSize(text, (Py_ssize_t)n);
		int err = str ? PyList_Append(list, str) : -1;

		Py_XDECREF(str);
		if (err < 0)
			return -1;
	}
	return 0;
}
