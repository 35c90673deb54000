/* What a host may ask about a request (app.h). */
#include "daemon/http/app.h"

#include "daemon/http/chars.h"
#include "daemon/http/conn.h"
#include "daemon/http/request.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct http_str http_request_method(const struct http_request *req)
{
	return req->method;
}

struct http_str http_request_target(const struct http_request *req)
{
	return req->target;
}

struct http_str http_request_path(const struct http_request *req)
{
	return req->path;
}

struct http_str http_request_query(const struct http_request *req)
{
	return req->query;
}

int http_request_minor(const struct http_request *req)
{
	return req->minor;
}

size_t http_request_header_count(const struct http_request *req)
{
	return req->header_count;
}

const struct http_header *http_request_headers(const struct http_request *req)
{
	return req->headers;
}

const struct http_str *http_request_header(const struct http_request *req, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < req->header_count; i++) {
		const struct http_str *n = &req->headers[i].name;

		if (n->len == len && memcmp(n->p, name, len) == 0)
			return &req->headers[i].value;
	}
	return NULL;
}

struct http_addr http_request_client(const struct http_request *req)
{
	return (struct http_addr){.host = req->client.host, .port = req->client.port};
}

/* Behind a wildcard the address is the connection's own; it is asked for once. */
static const struct addr *local_address(struct conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (c->local)
		return c->local;
	c->local = calloc(1, sizeof(*c->local));
	if (c->local && getsockname(c->reader.fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(c->local, (struct sockaddr *)&ss);
	return c->local;
}

struct http_addr http_request_server(const struct http_request *req)
{
	struct conn *c = req->conn;
	const struct http_server *s = c->server;
	const struct listener *l =
		c->listener < s->listener_count ? &s->listeners[c->listener] : NULL;
	const struct addr *a = l && !l->wildcard ? &l->addr : local_address(c);

	if (!a)
		return (struct http_addr){.host = ""};
	return (struct http_addr){.host = a->host, .port = a->port, .path = l ? l->path : NULL};
}

const char *http_request_scheme(const struct http_request *req)
{
	return req->scheme;
}

void http_request_set_data(struct http_request *req, void *data)
{
	req->data = data;
}

void *http_request_data(const struct http_request *req)
{
	return req->data;
}

struct ev_loop *http_request_loop(const struct http_request *req)
{
	return req->conn->server->loop;
}

/* RFC 9110 §10.1.1: now is the time to say that the body is wanted. */
static void send_continue(struct http_request *req)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	req->expects_100 = false;
	if (!req->response.started) {
		conn_send(req->conn, line, sizeof(line) - 1);
		conn_progress(req->conn);
	}
}

int http_request_read(struct http_request *req, const char **data, size_t *len, bool *more)
{
	struct conn *c = req->conn;

	if (c->broken)
		return -ECONNABORTED;
	request_take_back(req);
	if (buf_len(&req->body) == 0 && !req->body_complete) {
		req->body_waits = true;
		if (req->expects_100)
			send_continue(req);
		conn_update(c);
		return 0;
	}
	*data = buf_data(&req->body);
	*len = buf_len(&req->body);
	*more = !req->body_complete;
	req->lent = *len;
	if (!req->body_complete)
		conn_update(c); /* there may be room to read on */
	return 1;
}
