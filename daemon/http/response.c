/* What a host may do to answer a request (app.h). */
#include "daemon/http/response.h"

#include "common/fd.h"
#include "daemon/http/app.h"
#include "daemon/http/chars.h"
#include "daemon/http/conn.h"
#include "daemon/http/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool http_response_started(const struct http_request *req)
{
	return req->response.started;
}

int http_response_start(struct http_request *req, int status)
{
	struct response *r = &req->response;
	struct buf fields = r->fields;

	if (r->started || status < 200 || status > 599)
		return -EINVAL;
	buf_consume(&fields, buf_len(&fields));
	*r = (struct response){.fields = fields, .status = status};
	return 0;
}

static int take_content_length(struct response *r, const char *value, size_t len)
{
	uint64_t n = 0;

	if (len == 0 || len > 19)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return -EINVAL;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	if (r->has_length && r->length != n)
		return -EINVAL;
	r->has_length = true;
	r->length = n;
	return 0;
}

/* Fields that are ours to write. Returns 1 when this is one of them, 0 if not, -EINVAL. */
static int take_special(struct response *r, const char *name, size_t name_len, const char *value,
			size_t len)
{
	switch (name_len) {
	case 4:
		r->has_date |= chars_equal_nocase(name, 4, "date");
		return 0;
	case 6:
		r->has_server |= chars_equal_nocase(name, 6, "server");
		return 0;
	case 10:
		if (chars_equal_nocase(name, 10, "keep-alive"))
			return 1;
		if (!chars_equal_nocase(name, 10, "connection"))
			return 0;
		r->wants_close |= chars_list_has(value, len, "close");
		return 1;
	case 14:
		if (!chars_equal_nocase(name, 14, "content-length"))
			return 0;
		return take_content_length(r, value, len) < 0 ? -EINVAL : 1;
	case 17:
		return chars_equal_nocase(name, 17, "transfer-encoding");
	default:
		return 0;
	}
}

int http_response_header(struct http_request *req, const char *name, size_t name_len,
			 const char *value, size_t value_len)
{
	struct response *r = &req->response;

	chars_trim(&value, &value_len);
	if (!r->status || r->started || name_len == 0 || !chars_are(name, name_len, CHAR_TOKEN) ||
	    !chars_are(value, value_len, CHAR_VALUE))
		return -EINVAL;
	int rc = take_special(r, name, name_len, value, value_len);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = buf_reserve(&r->fields, name_len + value_len + 4);
	if (rc < 0)
		return rc;
	char *p = buf_tail(&r->fields);
	memcpy(p, name, name_len);
	memcpy(p + name_len, ": ", 2);
	memcpy(p + name_len + 2, value, value_len);
	memcpy(p + name_len + 2 + value_len, "\r\n", 2);
	buf_commit(&r->fields, name_len + value_len + 4);
	return 0;
}

/* Before any bytes of a body: checks them against the length, sends the head. */
static int body_begin(struct http_request *req, uint64_t len)
{
	struct response *r = &req->response;

	if (req->conn->broken)
		return -ECONNABORTED;
	if (!r->status)
		return -EINVAL;
	if (r->has_length && r->status != 304 && len > r->length - r->sent)
		return -EINVAL;
	if (!r->started && response_head_send(req, false) < 0)
		return -ECONNABORTED;
	r->sent += len;
	return 0;
}

static void chunk_begin(struct http_request *req, uint64_t len)
{
	char line[24];

	if (req->response.framing == FRAMING_CHUNKED) {
		int n = snprintf(line, sizeof(line), "%llx\r\n", (unsigned long long)len);
		conn_send(req->conn, line, (size_t)n);
	}
}

static void chunk_end(struct http_request *req)
{
	if (req->response.framing == FRAMING_CHUNKED)
		conn_send(req->conn, "\r\n", 2);
}

static int body_result(struct http_request *req)
{
	struct conn *c = req->conn;

	if (c->broken)
		return -ECONNABORTED;
	if (output_pending(&c->out) <= OUTPUT_HIGH)
		return 0;
	req->response.waits_writable = true;
	return 1;
}

int http_response_body(struct http_request *req, const void *data, size_t len)
{
	int rc = body_begin(req, len);

	if (rc < 0)
		return rc;
	if (len > 0 && req->response.framing != FRAMING_NONE) {
		chunk_begin(req, len);
		conn_send(req->conn, data, len);
		chunk_end(req);
	}
	return body_result(req);
}

int http_response_file(struct http_request *req, int fd, off_t offset, uint64_t len)
{
	int rc = body_begin(req, len);

	if (rc < 0 || len == 0 || req->response.framing == FRAMING_NONE) {
		fd_close(&fd);
		return rc < 0 ? rc : body_result(req);
	}
	chunk_begin(req, len);
	conn_send_file(req->conn, fd, offset, len);
	chunk_end(req);
	return body_result(req);
}

/* Whether the body that was promised has been given. */
static bool body_whole(const struct response *r)
{
	return r->framing != FRAMING_LENGTH || r->sent == r->length;
}

void http_response_end(struct http_request *req)
{
	struct response *r = &req->response;
	struct conn *c = req->conn;

	if (!r->status || (!r->started && r->has_length && r->length > 0 && !req->head_only &&
			   r->status != 304 && r->status != 204)) {
		http_response_abort(req);
		return;
	}
	if (!r->started && response_head_send(req, true) < 0) {
		conn_cut(c);
		return;
	}
	if (!body_whole(r)) {
		conn_cut(c);
		return;
	}
	if (r->framing == FRAMING_CHUNKED)
		conn_send(c, "0\r\n\r\n", 5);
	conn_response_ended(c);
}

void http_response_abort(struct http_request *req)
{
	static const char text[] = "Internal Server Error\n";

	if (req->response.started)
		conn_cut(req->conn);
	else
		http_response_simple(req, 500, "text/plain; charset=utf-8", text, sizeof(text) - 1);
}

void http_response_simple(struct http_request *req, int status, const char *content_type,
			  const void *body, size_t len)
{
	struct response *r = &req->response;

	if (http_response_start(req, status) < 0 ||
	    http_response_header(req, "Content-Type", 12, content_type, strlen(content_type)) < 0) {
		conn_cut(req->conn);
		return;
	}
	r->has_length = true;
	r->length = len;
	if (http_response_body(req, body, len) < 0)
		conn_cut(req->conn);
	else
		http_response_end(req);
}

/* Whether `lines` are field lines, each with its CRLF. */
static bool fields_valid(const char *lines, size_t len)
{
	while (len > 0) {
		const char *lf = memchr(lines, '\n', len);
		size_t line = lf ? (size_t)(lf - lines) : 0;
		const char *colon = line ? memchr(lines, ':', line) : NULL;

		if (!colon || colon == lines || lf[-1] != '\r' ||
		    !chars_are(lines, (size_t)(colon - lines), CHAR_TOKEN) ||
		    !chars_are(colon + 1, (size_t)(lf - colon) - 2, CHAR_VALUE))
			return false;
		lines = lf + 1;
		len -= line + 1;
	}
	return true;
}

int http_response_informational(struct http_request *req, int status, const char *lines, size_t len)
{
	char head[64];

	if (req->conn->broken)
		return -ECONNABORTED;
	if (req->response.started || status < 102 || status > 199 || !fields_valid(lines, len))
		return -EINVAL;
	if (req->minor == 0)
		return 0;
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\n", status,
			 http_status_reason(status));
	conn_send(req->conn, head, (size_t)n);
	conn_send(req->conn, lines, len);
	conn_send(req->conn, "\r\n", 2);
	return req->conn->broken ? -ECONNABORTED : 0;
}
