/* The strings of enum string, interned. */
#include "daemon/asgi/strings.h"

static const char *const texts[STRINGS] = {
	[STR_ASGI] = "asgi",
	[STR_BODY] = "body",
	[STR_CLIENT] = "client",
	[STR_COUNT] = "count",
	[STR_EXTENSIONS] = "extensions",
	[STR_FILE] = "file",
	[STR_HEADERS] = "headers",
	[STR_HTTP_VERSION] = "http_version",
	[STR_LINKS] = "links",
	[STR_METHOD] = "method",
	[STR_MORE_BODY] = "more_body",
	[STR_OFFSET] = "offset",
	[STR_PATH] = "path",
	[STR_QUERY_STRING] = "query_string",
	[STR_RAW_PATH] = "raw_path",
	[STR_ROOT_PATH] = "root_path",
	[STR_SCHEME] = "scheme",
	[STR_SERVER] = "server",
	[STR_SPEC_VERSION] = "spec_version",
	[STR_STATE] = "state",
	[STR_STATUS] = "status",
	[STR_TYPE] = "type",
	[STR_VERSION] = "version",
	[STR_EMPTY] = "",
	[STR_HTTP] = "http",
	[STR_HTTPS] = "https",
	[STR_HTTP_1_0] = "1.0",
	[STR_HTTP_1_1] = "1.1",
	[STR_DELETE] = "DELETE",
	[STR_GET] = "GET",
	[STR_HEAD] = "HEAD",
	[STR_OPTIONS] = "OPTIONS",
	[STR_PATCH] = "PATCH",
	[STR_POST] = "POST",
	[STR_PUT] = "PUT",
	[STR_DISCONNECT] = "http.disconnect",
	[STR_EARLY_HINT] = "http.response.early_hint",
	[STR_PATHSEND] = "http.response.pathsend",
	[STR_REQUEST] = "http.request",
	[STR_RESPONSE_BODY] = "http.response.body",
	[STR_RESPONSE_START] = "http.response.start",
	[STR_ZEROCOPYSEND] = "http.response.zerocopysend",
	[STR_CREATE_FUTURE] = "create_future",
	[STR_CREATE_TASK] = "create_task",
	[STR_DONE] = "done",
	[STR_FILENO] = "fileno",
	[STR_GET_TASK_FACTORY] = "get_task_factory",
	[STR_SET_RESULT] = "set_result",
};

int strings_init(PyObject *str[STRINGS])
{
	for (size_t i = 0; i < STRINGS; i++) {
		str[i] = PyUnicode_InternFromString(texts[i]);
		if (!str[i])
			return -1;
	}
	return 0;
}

void strings_finish(PyObject *str[STRINGS])
{
	for (size_t i = 0; i < STRINGS; i++)
		py_set(&str[i], NULL);
}
