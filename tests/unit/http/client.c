/* The clients of the harness: they send what they are told, and read replies by code of their own. */
#include "tests/unit/http/harness.h"

#include "common/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void client_read_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct client *c = container_of(w, struct client, reader);

	(void)revents;
	assert_int_equal(buf_reserve(&c->in, 65536), 0);
	ssize_t n = recv(c->fd, buf_tail(&c->in), 65536, 0);
	if (n > 0) {
		buf_commit(&c->in, (size_t)n);
	} else if (n == 0 || errno != EAGAIN) {
		c->reset = n < 0;
		c->eof = true;
		ev_io_stop(loop, w);
	}
}

void client_init(struct client *c, struct ev_loop *loop, int fd)
{
	*c = (struct client){.loop = loop, .fd = fd};
	buf_init(&c->in, SIZE_MAX);
	assert_int_equal(fd_set_nonblock(fd, true), 0);
	ev_io_init(&c->reader, client_read_cb, fd, EV_READ);
	ev_io_start(loop, &c->reader);
}

void client_connect(struct client *c, struct server *s)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(s->port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	bool local = s->path[0] != '\0';
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(un.sun_path, s->path, strlen(s->path) + 1);
	/* Blocking: the kernel completes it without the server's help. */
	assert_int_equal(connect(fd, local ? (struct sockaddr *)&un : (struct sockaddr *)&in,
				 local ? sizeof(un) : sizeof(in)),
			 0);
	client_init(c, s->loop, fd);
}

void client_finish(struct client *c)
{
	if (!c->loop)
		return;
	ev_io_stop(c->loop, &c->reader);
	fd_close(&c->fd);
	buf_finish(&c->in);
	c->loop = NULL;
}

ssize_t client_try_send(struct client *c, const void *data, size_t len)
{
	ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	return n;
}

void client_send_bytes(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = client_try_send(c, p, len);

		if (n < 0)
			fail_msg("send: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
		if (len > 0)
			turn(c->loop, "room to send");
	}
}

void client_send(struct client *c, const char *text)
{
	client_send_bytes(c, text, strlen(text));
}

void client_pause(struct client *c, bool paused)
{
	if (paused)
		ev_io_stop(c->loop, &c->reader);
	else
		ev_io_start(c->loop, &c->reader);
}

static void take(struct client *c, struct reply *r, size_t n)
{
	size_t room = sizeof(r->body) - 1;

	WAIT_FOR(c->loop, buf_len(&c->in) >= n || c->eof);
	if (buf_len(&c->in) < n)
		fail_msg("connection ended %zu bytes before the body did", n - buf_len(&c->in));
	if (r->body_len < room)
		memcpy(r->body + r->body_len, buf_data(&c->in),
		       n < room - r->body_len ? n : room - r->body_len);
	r->body_len += n;
	buf_consume(&c->in, n);
}

static char *find_line_end(const struct client *c)
{
	char *data = buf_data(&c->in);

	return data ? memmem(data, buf_len(&c->in), "\r\n", 2) : NULL;
}

/* A line without its CRLF, taken from the input. */
static void take_line(struct client *c, char *line, size_t size)
{
	char *end;

	WAIT_FOR(c->loop, find_line_end(c) || c->eof);
	end = find_line_end(c);
	if (!end)
		fail_msg("connection ended in the middle of a head%s", c->reset ? " (reset)" : "");
	size_t len = (size_t)(end - buf_data(&c->in));
	assert_true(len < size);
	memcpy(line, buf_data(&c->in), len);
	line[len] = '\0';
	buf_consume(&c->in, len + 2);
}

static void take_chunks(struct client *c, struct reply *r)
{
	char line[64];

	for (;;) {
		take_line(c, line, sizeof(line));
		size_t n = strtoull(line, NULL, 16);
		if (n > 0)
			take(c, r, n);
		take_line(c, line, sizeof(line));
		assert_string_equal(line, "");
		if (n == 0)
			return;
	}
}

bool reply_has(const struct reply *r, const char *line)
{
	char with_ends[512];

	snprintf(with_ends, sizeof(with_ends), "\n%s\n", line);
	return strstr(r->head, with_ends) != NULL;
}

static void take_head(struct client *c, struct reply *r)
{
	char line[4096];
	size_t at = 0;

	for (;;) {
		take_line(c, line, sizeof(line));
		if (!line[0])
			break;
		int n = snprintf(r->head + at, sizeof(r->head) - at, "%s\n", line);
		assert_true((size_t)n < sizeof(r->head) - at);
		at += (size_t)n;
	}
	assert_int_equal(sscanf(r->head, "HTTP/1.1 %d ", &r->status), 1);
}

void client_reply(struct client *c, struct reply *r, bool head_only)
{
	const char *length;

	*r = (struct reply){.status = 0};
	take_head(c, r);
	r->chunked = reply_has(r, "Transfer-Encoding: chunked");
	length = strstr(r->head, "\nContent-Length: ");
	r->has_length = length != NULL;
	if (head_only || r->status < 200 || r->status == 204 || r->status == 304)
		return;
	if (r->chunked) {
		take_chunks(c, r);
	} else if (length) {
		take(c, r, strtoull(length + 17, NULL, 10));
	} else {
		WAIT_FOR(c->loop, c->eof);
		take(c, r, buf_len(&c->in));
	}
}

void client_expect(struct client *c, int status, const char *body)
{
	struct reply *r = malloc(sizeof(*r));

	assert_non_null(r);
	client_reply(c, r, false);
	if (r->status != status)
		fail_msg("status %d, expected %d: %s", r->status, status, r->body);
	if (body)
		assert_string_equal(r->body, body);
	free(r);
}

void client_expect_close(struct client *c)
{
	WAIT_FOR(c->loop, c->eof);
	assert_int_equal(buf_len(&c->in), 0);
	assert_false(c->reset);
}
