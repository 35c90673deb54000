/*
 * Any bytes on a connection: a server with an application that echoes, holds and fails takes them in pieces
 * over a real socket, is drained in the middle, and must neither crash, leak, nor lose count.
 */
#include "daemon/http/server.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct host {
	struct http_request *held;
	unsigned int requests, ended, released;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void end(struct host *h, struct http_request *req)
{
	h->held = NULL;
	h->ended++;
	http_response_end(req);
}

static void copy_body(struct host *h, struct http_request *req)
{
	const char *data;
	size_t len;
	bool more;

	while (http_request_read(req, &data, &len, &more) == 1) {
		int rc = http_response_body(req, data, len);

		if (rc < 0 || !more) {
			end(h, req);
			return;
		}
	}
}

static void on_request(void *app, struct http_request *req)
{
	struct host *h = app;
	struct http_str path = http_request_path(req);

	h->requests++;
	h->held = req;
	http_request_set_data(req, h);
	(void)http_request_header(req, "x-a");
	if (http_response_start(req, 200) < 0)
		abort();
	switch (path.len > 1 ? path.p[1] : 'e') {
	case 'h':
		return; /* held until the end */
	case 'a':
		h->held = NULL;
		h->ended++;
		http_response_abort(req);
		return;
	case 's':
		h->held = NULL;
		h->ended++;
		http_response_simple(req, 404, "text/plain", "no", 2);
		return;
	default:
		copy_body(h, req);
	}
}

static void on_body(struct http_request *req)
{
	copy_body(http_request_data(req), req);
}

static void on_writable(struct http_request *req)
{
	(void)req;
}

static void on_abort(struct http_request *req)
{
	struct host *h = http_request_data(req);

	h->held = NULL;
	h->ended++;
}

static void on_drained(void *owner)
{
	(void)owner;
}

static bool on_release(void *owner, const struct http_release *r)
{
	struct host *h = owner;

	h->released++;
	return close(r->fd) == 0;
}

static void turns(struct ev_loop *loop, int client)
{
	char sink[4096];

	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_NOWAIT);
	while (recv(client, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

static void feed(struct ev_loop *loop, int client, const uint8_t *data, size_t size, size_t step)
{
	while (size > 0) {
		size_t n = size < step ? size : step;

		if (send(client, data, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return;
		turns(loop, client);
		data += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_app_ops ops = {
		.on_request = on_request,
		.on_body = on_body,
		.on_writable = on_writable,
		.on_abort = on_abort,
	};
	struct host host = {.held = NULL};
	struct http_server_config config = {
		.ops = &ops, .app = &host, .owner = &host, .drained = on_drained};
	struct http_server *server;
	int ends[2];

	if (size < 2)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	config.loop = ev_loop_new(EVBACKEND_SELECT);
	config.release = data[1] & 1 ? on_release : NULL;
	http_limits_default(&config.limits);
	config.limits.body_max = 1000;
	config.limits.concurrency = data[1] & 2 ? 1 : 0;
	check(http_server_create(&server, &config) == 0);
	http_server_start(server);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	check(http_server_adopt(server, ends[0], "127.0.0.1:1", 0, 0, "", 0) == 0);

	size_t half = size / 2;
	feed(config.loop, ends[1], data + 2, half > 2 ? half - 2 : 0, 1 + data[0]);
	if (data[1] & 4)
		http_server_drain(server);
	feed(config.loop, ends[1], data + half, size - half, 1 + data[0]);
	if (host.held && (data[1] & 8))
		end(&host, host.held);
	turns(config.loop, ends[1]);
	check(http_server_stats(server).active == host.requests - host.ended);
	http_server_destroy(server);
	check(host.requests == host.ended);
	close(ends[1]);
	ev_loop_destroy(config.loop);
	return 0;
}
