/* Builds the scope of a request. */
#include "daemon/asgi/scope.h"

#include "common/attr.h"
#include "daemon/asgi/asgi.h"
#include "daemon/asgi/percent.h"
#include "daemon/http/app.h"

#include <string.h>

#define ASGI_VERSION	  "3.0"
#define HTTP_SPEC_VERSION "2.5"
#define PATH_ON_STACK	  512 /* bytes; longer paths are decoded on the heap */

static const enum string methods[] = {STR_GET,	  STR_POST,    STR_PUT,	 STR_HEAD,
				      STR_DELETE, STR_OPTIONS, STR_PATCH};

static PyObject *bytes_from(struct http_str s)
{
	return PyBytes_FromStringAndSize(s.p, (Py_ssize_t)s.len);
}

static PyObject *method_from(const struct asgi *a, struct http_str s)
{
	PyObject *method = PyUnicode_DecodeLatin1(s.p, (Py_ssize_t)s.len, NULL);

	if (!method)
		return NULL;
	/* Apps compare with literals, which are interned: give them the same objects. */
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		PyObject *known = a->str[methods[i]];

		if (PyUnicode_Compare(method, known) != 0)
			continue;
		Py_DECREF(method);
		return py_ref(known);
	}
	return method;
}

/* Bytes that are no UTF-8 become U+FFFD; raw_path still has them. */
static PyObject *path_decode(struct http_str s)
{
	char stack[PATH_ON_STACK];
	char *buf = s.len <= sizeof(stack) ? stack : PyMem_Malloc(s.len);
	PyObject *path;
	size_t n;

	if (!buf)
		return PyErr_NoMemory();
	n = percent_decode(s.p, s.len, buf);
	path = PyUnicode_DecodeUTF8(buf, (Py_ssize_t)n, "replace");
	if (buf != stack)
		PyMem_Free(buf);
	return path;
}

/* The application is mounted at root_path, which the proxy before us took off the front of the path. */
static PyObject *path_from(const struct asgi *a, struct http_str s)
{
	PyObject *path = path_decode(s);
	PyObject *whole;

	if (!path || !a->root_bytes)
		return path;
	whole = PyUnicode_Concat(a->root_path, path);
	Py_DECREF(path);
	return whole;
}

static PyObject *raw_path_from(const struct asgi *a, struct http_str s)
{
	PyObject *whole;

	if (!a->root_bytes)
		return bytes_from(s);
	whole = py_ref(a->root_bytes);
	/* On failure `whole` is NULL, and the exception set. */
	PyBytes_ConcatAndDel(&whole, bytes_from(s));
	return whole;
}

static PyObject *header_from(const struct http_header *header)
{
	PyObject *name = bytes_from(header->name);
	PyObject *value = bytes_from(header->value);
	PyObject *pair = name && value ? PyTuple_Pack(2, name, value) : NULL;

	Py_XDECREF(name);
	Py_XDECREF(value);
	return pair;
}

static PyObject *headers_from(const struct http_request *req)
{
	const struct http_header *headers = http_request_headers(req);
	Py_ssize_t n = (Py_ssize_t)http_request_header_count(req);
	PyObject *list = PyList_New(n);

	for (Py_ssize_t i = 0; list && i < n; i++) {
		PyObject *pair = header_from(&headers[i]);

		/* PyList_SetItem takes the pair, on failure too. */
		if (!pair || PyList_SetItem(list, i, pair) < 0) {
			Py_DECREF(list);
			return NULL;
		}
	}
	return list;
}

/* [host, port], or None when the address is a nameless Unix socket. */
static PyObject *client_from(struct http_addr addr)
{
	if (!addr.host || !*addr.host)
		return py_ref(Py_None);
	return Py_BuildValue("(si)", addr.host, (int)addr.port);
}

/* [host, port], or [path, None] for a Unix socket. */
static PyObject *server_from(struct http_addr addr)
{
	if (!addr.path)
		return client_from(addr);
	return Py_BuildValue("(NO)", PyUnicode_DecodeFSDefault(addr.path), Py_None);
}

static PyObject *scheme_from(const struct asgi *a, const char *scheme)
{
	if (strcmp(scheme, "http") == 0)
		return py_ref(a->str[STR_HTTP]);
	if (strcmp(scheme, "https") == 0)
		return py_ref(a->str[STR_HTTPS]);
	return PyUnicode_FromString(scheme);
}

/* A copy of a dict that the template holds, so that an application may write to its own. */
static PyObject *copied(PyObject *scope, PyObject *key)
{
	PyObject *shared = PyDict_GetItemWithError(scope, key); /* borrowed */

	return shared ? PyDict_Copy(shared) : NULL;
}

/* HTTP/1.0 has no interim responses (RFC 9110 §15.2), so that early hints are not offered there. */
static int put_version(const struct asgi *a, PyObject *scope, PyObject *extensions, int minor)
{
	if (minor > 0)
		return 0;
	if (PyDict_SetItem(scope, a->str[STR_HTTP_VERSION], a->str[STR_HTTP_1_0]) < 0)
		return -1;
	return PyDict_DelItem(extensions, a->str[STR_EARLY_HINT]);
}

static int put_shared(const struct asgi *a, PyObject *scope, const struct http_request *req)
{
	PyObject *extensions = copied(scope, a->str[STR_EXTENSIONS]);

	if (!extensions)
		return -1;
	if (put_version(a, scope, extensions, http_request_minor(req)) < 0) {
		Py_DECREF(extensions);
		return -1;
	}
	if (py_dict_put(scope, a->str[STR_EXTENSIONS], extensions) < 0)
		return -1;
	if (py_dict_put(scope, a->str[STR_ASGI], copied(scope, a->str[STR_ASGI])) < 0)
		return -1;
	return py_dict_put(scope, a->str[STR_STATE], PyDict_Copy(a->state));
}

static int put_head(const struct asgi *a, PyObject *scope, const struct http_request *req)
{
	PyObject *const *str = a->str;
	struct http_str path = http_request_path(req);
	PyObject *value;

	value = method_from(a, http_request_method(req));
	if (py_dict_put(scope, str[STR_METHOD], value) < 0)
		return -1;
	value = path_from(a, path);
	if (py_dict_put(scope, str[STR_PATH], value) < 0)
		return -1;
	value = raw_path_from(a, path);
	if (py_dict_put(scope, str[STR_RAW_PATH], value) < 0)
		return -1;
	value = bytes_from(http_request_query(req));
	if (py_dict_put(scope, str[STR_QUERY_STRING], value) < 0)
		return -1;
	return py_dict_put(scope, str[STR_HEADERS], headers_from(req));
}

static int put_addresses(const struct asgi *a, PyObject *scope, const struct http_request *req)
{
	PyObject *const *str = a->str;
	PyObject *value;

	value = scheme_from(a, http_request_scheme(req));
	if (py_dict_put(scope, str[STR_SCHEME], value) < 0)
		return -1;
	value = client_from(http_request_client(req));
	if (py_dict_put(scope, str[STR_CLIENT], value) < 0)
		return -1;
	return py_dict_put(scope, str[STR_SERVER], server_from(http_request_server(req)));
}

PyObject *scope_create(const struct asgi *a, const struct http_request *req)
{
	PyObject *scope = PyDict_Copy(a->scope);

	if (!scope)
		return NULL;
	if (put_head(a, scope, req) == 0 && put_addresses(a, scope, req) == 0 &&
	    put_shared(a, scope, req) == 0)
		return scope;
	Py_DECREF(scope);
	return NULL;
}

PyObject *scope_template(const struct asgi *a)
{
	PyObject *const *s = a->str;

	return Py_BuildValue("{O:O, O:{O:s, O:s}, O:O, O:O, O:O, O:O, O:O, O:O, O:O, O:O, O:O, "
			     "O:O, O:O, O:{O:{}, O:{}, O:{}}}",
			     s[STR_TYPE], s[STR_HTTP], s[STR_ASGI], s[STR_VERSION], ASGI_VERSION,
			     s[STR_SPEC_VERSION], HTTP_SPEC_VERSION, s[STR_HTTP_VERSION],
			     s[STR_HTTP_1_1], s[STR_SERVER], Py_None, s[STR_CLIENT], Py_None,
			     s[STR_SCHEME], Py_None, s[STR_METHOD], Py_None, s[STR_ROOT_PATH],
			     a->root_path, s[STR_PATH], Py_None, s[STR_RAW_PATH], Py_None,
			     s[STR_QUERY_STRING], Py_None, s[STR_HEADERS], Py_None, s[STR_STATE],
			     Py_None, s[STR_EXTENSIONS], s[STR_PATHSEND], s[STR_ZEROCOPYSEND],
			     s[STR_EARLY_HINT]);
}
