/* Files as bodies. */
#include "daemon/asgi/message_file.h"

#include "daemon/asgi/cycle.h"
#include "daemon/asgi/message.h"
#include "daemon/http/app.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* sendfile(2) wants what can be mapped. */
static int regular_size(int fd, off_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	*size = st.st_size;
	return 0;
}

static int raise_for_path(int err, PyObject *path)
{
	errno = -err;
	PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
	return -1;
}

/* Takes fd. No bytes need no file: the head goes with the response's end. */
static int send_range(struct cycle *c, int fd, off_t offset, off_t len)
{
	if (len > 0) {
		list_remove(&c->held);
		return message_sent(c, http_response_file(c->req, fd, offset, (uint64_t)len));
	}
	close(fd);
	return 0;
}

int message_send_path(struct cycle *c, PyObject *path)
{
	PyObject *bytes = NULL;
	off_t size;
	int fd, err;

	if (!PyUnicode_FSConverter(path, &bytes))
		return -1;
	fd = open(PyBytes_AsString(bytes), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	err = fd < 0 ? -errno : regular_size(fd, &size);
	Py_DECREF(bytes);
	if (!err)
		return send_range(c, fd, 0, size);
	if (fd >= 0)
		close(fd);
	return raise_for_path(err, path);
}

/* An optional number of bytes: *value stays as it is without one. 0, or -1 with an exception. */
static int get_bytes(PyObject *number, const char *what, off_t *value)
{
	long long n;

	if (!number || number == Py_None)
		return 0;
	n = PyLong_AsLongLong(number);
	if (n < 0 && !PyErr_Occurred())
		PyErr_Format(PyExc_ValueError, "'%s' must not be negative", what);
	if (n < 0)
		return -1;
	*value = n;
	return 0;
}

static int file_range(int fd, PyObject *offset, PyObject *count, off_t *from, off_t *len)
{
	off_t size;
	int err = regular_size(fd, &size);

	*from = lseek(fd, 0, SEEK_CUR);
	if (err || *from < 0) {
		py_raise_errno(err ? err : errno);
		return -1;
	}
	if (get_bytes(offset, "offset", from) < 0)
		return -1;
	*len = size > *from ? size - *from : 0;
	return get_bytes(count, "count", len);
}

int message_send_file(struct cycle *c, PyObject *file, PyObject *offset, PyObject *count)
{
	int fd = PyObject_AsFileDescriptor(file);
	off_t from, len;

	if (fd < 0 || file_range(fd, offset, count, &from, &len) < 0)
		return -1;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		py_raise_errno(errno);
		return -1;
	}
	return send_range(c, fd, from, len);
}
