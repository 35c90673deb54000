/* The head of a response: status line, our fields, the host's, framing. */
#include "daemon/http/response.h"

#include "daemon/http/conn.h"
#include "daemon/http/request.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A request body that is left over is read to its end for the next request's sake, up to this much. */
#define BODY_DISCARD_MAX (256 * 1024)

#define SERVER_FIELD	 "Server: blackbulld\r\n"

/* Text put together where there is room for it. */
struct pen {
	char *p;
};

static void put(struct pen *pen, const char *data, size_t len)
{
	memcpy(pen->p, data, len);
	pen->p += len;
}

#define put_literal(pen, text) put(pen, text, sizeof(text) - 1)

static void put_number(struct pen *pen, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	put(pen, digits + n, sizeof(digits) - n);
}

static void put_status_line(struct pen *pen, int status)
{
	const char *reason = http_status_reason(status);

	put_literal(pen, "HTTP/1.1 ");
	put_number(pen, (uint64_t)status);
	put_literal(pen, " ");
	put(pen, reason, strlen(reason));
	put_literal(pen, "\r\n");
}

static time_t wall_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return ts.tv_sec;
}

static void put_date(struct pen *pen, struct http_server *s)
{
	put_literal(pen, "Date: ");
	put(pen, date_text(&s->date, wall_seconds()), HTTP_DATE_LEN);
	put_literal(pen, "\r\n");
}

/* The fields of every response, each unless the host brought its own. */
static void put_common(struct pen *pen, struct http_server *s, const struct response *r)
{
	if (!r || !r->has_server)
		put_literal(pen, SERVER_FIELD);
	if (!r || !r->has_date)
		put_date(pen, s);
	if (s->extra_header)
		put(pen, s->extra_header, s->extra_header_len);
}

static void decide_framing(struct http_request *req, bool empty)
{
	struct response *r = &req->response;

	if (empty && !r->has_length && !req->head_only && r->status != 304) {
		r->has_length = true;
		r->length = 0;
	}
	if (req->head_only || r->status == 204 || r->status == 205 || r->status == 304)
		r->framing = FRAMING_NONE;
	else if (r->has_length)
		r->framing = FRAMING_LENGTH;
	else
		r->framing = req->minor == 0 ? FRAMING_CLOSE : FRAMING_CHUNKED;
}

/* Whether what is left of the request's body is not worth reading for the sake of the next request. */
static bool body_left_behind(const struct http_request *req)
{
	if (req->body_complete)
		return false;
	/* Who was not told to go on may send the body or not: nobody can tell what comes next. */
	return req->expects_100 || (req->body_length > req->body_seen &&
				    req->body_length - req->body_seen > BODY_DISCARD_MAX);
}

static bool connection_goes_on(const struct http_request *req)
{
	const struct conn *c = req->conn;

	return req->keep_alive && !req->response.wants_close &&
	       req->response.framing != FRAMING_CLOSE && !conn_is_last(c) && !body_left_behind(req);
}

static void put_framing(struct pen *pen, const struct http_request *req)
{
	const struct response *r = &req->response;
	int status = r->status;

	if (status == 204)
		return;
	if (status == 205) {
		put_literal(pen, "Content-Length: 0\r\n");
	} else if (r->has_length) {
		put_literal(pen, "Content-Length: ");
		put_number(pen, r->length);
		put_literal(pen, "\r\n");
	} else if (req->minor == 1 && status != 304) {
		put_literal(pen, "Transfer-Encoding: chunked\r\n");
	}
}

static void put_connection(struct pen *pen, const struct http_request *req)
{
	if (req->conn->closing)
		put_literal(pen, "Connection: close\r\n");
	else if (req->minor == 0)
		put_literal(pen, "Connection: keep-alive\r\n");
}

int response_head_send(struct http_request *req, bool empty)
{
	struct conn *c = req->conn;
	struct http_server *s = c->server;
	struct response *r = &req->response;
	size_t fields = buf_len(&r->fields);
	/* 256: status line, Date, Server, framing and Connection take 190 together. */
	size_t room = fields + s->extra_header_len + 256;

	decide_framing(req, empty);
	char *at = conn_send_room(c, room);
	if (!at)
		return -ENOMEM;
	if (!connection_goes_on(req)) {
		c->closing = true;
		c->must_linger = req->keep_alive || !req->body_complete;
	}
	struct pen pen = {at};
	put_status_line(&pen, r->status);
	put_common(&pen, s, r);
	if (fields)
		put(&pen, buf_data(&r->fields), fields);
	put_framing(&pen, req);
	put_connection(&pen, req);
	put_literal(&pen, "\r\n");
	conn_sent_room(c, (size_t)(pen.p - at));
	r->started = true;
	return 0;
}

void response_refusal_send(struct conn *c, int status, const char *why)
{
	struct http_server *s = c->server;
	char body[128];
	int n = snprintf(body, sizeof(body), "%d %s: %s\n", status, http_status_reason(status),
			 why);
	size_t len = n < (int)sizeof(body) ? (size_t)n : sizeof(body) - 1;
	/* 320: what is fixed takes 250. */
	char *at = conn_send_room(c, len + s->extra_header_len + 320);
	struct pen pen = {at};

	if (!at)
		return;
	put_status_line(&pen, status);
	put_common(&pen, s, NULL);
	put_literal(&pen, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ");
	put_number(&pen, len);
	put_literal(&pen, "\r\nConnection: close\r\n\r\n");
	put(&pen, body, len);
	conn_sent_room(c, (size_t)(pen.p - at));
}
