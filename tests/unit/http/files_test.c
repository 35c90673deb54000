/* Large responses over real sockets: files, and clients that read slowly. */
#include "tests/unit/http/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"

/* Sends the request and takes the reply of `handler`. */
static struct reply *ask(struct fixture *f, const char *request, handler_fn *handler)
{
	f->server.handler = handler;
	client_send(&f->client, request);
	client_reply(&f->client, &f->reply, strncmp(request, "HEAD", 4) == 0);
	return &f->reply;
}

static void header(struct http_request *req, const char *name, const char *value)
{
	assert_int_equal(http_response_header(req, name, strlen(name), value, strlen(value)), 0);
}

/* So that the kernel does not swallow what the client does not read. */
static void small_window(struct client *c)
{
	int small = 65536;

	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
}

#define FILE_LEN (3 * 1024 * 1024 + 17)

static int make_file(size_t len)
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	char block[4096];

	assert_true(fd >= 0);
	for (size_t at = 0; at < len; at += sizeof(block)) {
		memset(block, 'a' + (int)(at / sizeof(block)) % 26, sizeof(block));
		size_t n = len - at < sizeof(block) ? len - at : sizeof(block);
		assert_int_equal(pwrite(fd, block, n, (off_t)at), (ssize_t)n);
	}
	return fd;
}

static void send_file(struct server *s, struct http_request *req)
{
	char length[32];

	assert_int_equal(http_response_start(req, 200), 0);
	if (s->left) {
		snprintf(length, sizeof(length), "%llu", (unsigned long long)s->left);
		header(req, "Content-Length", length);
	}
	assert_true(http_response_file(req, make_file(FILE_LEN), 4096, FILE_LEN - 4096) >= 0);
	http_response_end(req);
}

static void check_file(const struct reply *r)
{
	assert_int_equal(r->status, 200);
	assert_int_equal(r->body_len, FILE_LEN - 4096);
	assert_int_equal(r->body[0], 'b');
	assert_int_equal(r->body[4096], 'c');
}

TEST(a_file_is_sent_with_a_length_and_chunked)
{
	struct fixture *f = *state;

	f->server.left = FILE_LEN - 4096;
	check_file(ask(f, GET, send_file));
	f->server.left = 0;
	assert_true(ask(f, GET, send_file)->chunked);
	check_file(&f->reply);
	assert_int_equal(ask(f, HEAD, send_file)->status, 200);
	assert_int_equal(ask(f, GET, say_hello)->status, 200);
}

TEST(pipelined_requests_wait_for_a_file_to_go_out)
{
	struct fixture *f = *state;

	small_window(&f->client);
	f->server.handler = send_file;
	f->server.left = FILE_LEN - 4096;
	client_pause(&f->client, true);
	client_send(&f->client, GET GET GET);
	settle(f->loop);
	assert_true(f->server.requests < 3); /* the kernel may take one whole file */
	client_pause(&f->client, false);
	for (int i = 0; i < 3; i++) {
		client_reply(&f->client, &f->reply, false);
		check_file(&f->reply);
	}
	assert_int_equal(f->server.accesses, 3);
}

static void ranges(struct server *s, struct http_request *req)
{
	int fd = make_file(100);

	(void)s;
	assert_int_equal(http_response_start(req, 206), 0);
	header(req, "Content-Length", "18");
	assert_int_equal(http_response_body(req, "one:", 4), 0);
	assert_true(http_response_file(req, dup(fd), 0, 5) >= 0);
	assert_int_equal(http_response_body(req, "two:", 4), 0);
	assert_true(http_response_file(req, fd, 95, 5) >= 0);
	http_response_end(req);
}

TEST(bytes_and_files_keep_their_order)
{
	struct fixture *f = *state;

	assert_string_equal(ask(f, GET, ranges)->body, "one:aaaaatwo:aaaaa");
}

static void short_file(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "Content-Length", "100");
	assert_true(http_response_file(req, make_file(50), 0, 100) >= 0);
	http_response_end(req);
}

TEST(a_file_that_shrank_cuts_the_connection)
{
	struct fixture *f = *state;

	f->server.handler = short_file;
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->client.eof);
}

static void proc_file(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_start(req, 200), 0);
	assert_int_equal(
		http_response_file(req, open("/proc/self/status", O_RDONLY | O_CLOEXEC), 1, 4), 0);
	http_response_end(req);
}

TEST(a_file_that_sendfile_cannot_read_is_copied)
{
	struct fixture *f = *state;

	assert_string_equal(ask(f, GET, proc_file)->body, "ame:");
}

static void bad_file(struct server *s, struct http_request *req)
{
	(void)s;
	assert_int_equal(http_response_file(req, make_file(1), 0, 1), -EINVAL);
	assert_int_equal(http_response_start(req, 200), 0);
	header(req, "Content-Length", "3");
	assert_int_equal(http_response_file(req, make_file(9), 0, 9), -EINVAL);
	say_hello(s, req);
}

TEST(a_file_is_taken_even_when_it_is_refused)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, GET, say_hello)->status, 200); /* the connection is accepted */
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_string_equal(ask(f, GET, bad_file)->body, "hello");
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before + 1);
	close(before);
	close(after);
}

static void stream_on(struct server *s, struct http_request *req)
{
	static const char block[32768];
	int rc = 0;

	while (rc == 0 && s->left > 0) {
		rc = http_response_body(req, block, sizeof(block));
		assert_true(rc >= 0);
		s->left -= sizeof(block);
	}
	if (s->left == 0)
		http_response_end(req);
}

static void stream(struct server *s, struct http_request *req)
{
	s->left = 320 * 32768;
	s->on_writable = stream_on;
	assert_int_equal(http_response_start(req, 200), 0);
	stream_on(s, req);
}

TEST(a_slow_client_holds_the_host_back)
{
	struct fixture *f = *state;

	small_window(&f->client);
	f->server.handler = stream;
	client_pause(&f->client, true);
	client_send(&f->client, GET);
	WAIT_FOR(f->loop, f->server.requests == 1);
	settle(f->loop);
	uint64_t left = f->server.left;
	assert_true(left > 0);
	settle(f->loop);
	assert_int_equal(f->server.left, left);
	client_pause(&f->client, false);
	client_reply(&f->client, &f->reply, false);
	assert_int_equal(f->reply.body_len, 320 * 32768);
	assert_true(f->server.writables > 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup_started, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_is_sent_with_a_length_and_chunked),
		T(pipelined_requests_wait_for_a_file_to_go_out),
		T(bytes_and_files_keep_their_order),
		T(a_file_that_shrank_cuts_the_connection),
		T(a_file_that_sendfile_cannot_read_is_copied),
		T(a_file_is_taken_even_when_it_is_refused),
		T(a_slow_client_holds_the_host_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
