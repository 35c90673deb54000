/*
 * The smallest host of the HTTP server: answers everything with one text, to measure what the server itself costs.
 *
 *   http_hello [PORT]     default 0: any; the real one is printed
 */
#include "daemon/http/app.h"
#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void on_request(void *app, struct http_request *req)
{
	(void)app;
	http_response_simple(req, 200, "text/plain", "Hello, world!", 13);
}

static void on_other(struct http_request *req)
{
	(void)req; /* every request has ended when on_request() returns */
}

static int listen_on(int port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(sa);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		perror("http_hello: listen");
		exit(1);
	}
	printf("http://127.0.0.1:%d/\n", ntohs(sa.sin_port));
	fflush(stdout);
	return fd;
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct http_app_ops ops = {
		.on_request = on_request,
		.on_body = on_other,
		.on_writable = on_other,
		.on_abort = on_other,
	};
	int fd = listen_on(argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0);
	struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
	struct http_server_config config = {
		.loop = loop, .listeners = &fd, .listener_count = 1, .ops = &ops};
	struct http_server *server;
	ev_signal term;

	signal(SIGPIPE, SIG_IGN);
	http_limits_default(&config.limits);
	if (http_server_create(&server, &config) < 0)
		return 1;
	http_server_start(server);
	ev_signal_init(&term, on_signal, SIGTERM);
	ev_signal_start(loop, &term);
	ev_run(loop, 0);
	printf("%llu requests\n", (unsigned long long)http_server_stats(server).requests);
	http_server_destroy(server);
	ev_loop_destroy(loop);
	return 0;
}
