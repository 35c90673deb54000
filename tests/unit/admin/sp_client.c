/* A client of the admin sockets that does exactly what a test tells it to. */
#include "tests/unit/admin/sp_client.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS_MAX 100000

int client_connect(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(a.sun_path));
	memcpy(a.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void client_send(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

void client_send_hello(int fd, enum sp_proto proto)
{
	unsigned char hello[SP_HELLO_LEN];

	sp_hello_encode(proto, hello);
	client_send(fd, hello, sizeof(hello));
}

void client_send_request(int fd, uint32_t id, const void *body, size_t len)
{
	struct buf message;

	buf_init(&message, SIZE_MAX);
	assert_int_equal(sp_message_add(&message, SP_REQ, id, body, len), 0);
	client_send(fd, buf_data(&message), buf_len(&message));
	buf_finish(&message);
}

/* Exactly n bytes, while the loop runs. False: closed before. */
static bool receive_bytes(struct echo *e, int fd, char *data, size_t n)
{
	size_t got = 0;

	for (int turn = 0; got < n; turn++) {
		ssize_t r = recv(fd, data + got, n - got, 0);

		assert_true(turn < TURNS_MAX);
		if (r == 0 || (r < 0 && errno != EAGAIN))
			return false;
		if (r > 0)
			got += (size_t)r;
		else
			echo_run(e);
	}
	return true;
}

int client_greet(struct echo *e, const char *path, enum sp_proto proto)
{
	unsigned char hello[SP_HELLO_LEN];
	int fd = client_connect(path);

	client_send_hello(fd, proto);
	assert_true(receive_bytes(e, fd, (char *)hello, sizeof(hello)));
	assert_int_equal(sp_hello_check(proto, hello), 0);
	echo_run(e);
	return fd;
}

int client_receive(struct echo *e, int fd, enum sp_proto proto, uint32_t *id, char *body,
		   size_t size)
{
	size_t max = 64 * 1024 * 1024, len;
	char header[SP_HEADER_LEN];
	struct sp_message m;

	if (!receive_bytes(e, fd, header, sizeof(header)))
		return -1;
	len = ((size_t)(unsigned char)header[6] << 16) | ((size_t)(unsigned char)header[7] << 8) |
	      (unsigned char)header[8];

	char *whole = malloc(SP_HEADER_LEN + len);

	memcpy(whole, header, sizeof(header));
	if (!receive_bytes(e, fd, whole + SP_HEADER_LEN, len)) {
		free(whole);
		return -1;
	}
	assert_int_equal(sp_message_next(whole, SP_HEADER_LEN + len, proto, max, &m), 1);
	if (id)
		*id = m.id;
	if (size > 0) {
		size_t n = m.body_len < size - 1 ? m.body_len : size - 1;

		memcpy(body, m.body, n);
		body[n] = '\0';
	}
	len = m.body_len;
	free(whole);
	return (int)len;
}

void client_assert_served(struct echo *e, int fd)
{
	char body[64];
	uint32_t id;

	client_send_request(fd, REQUEST_ID, "still there?", 12);
	assert_int_equal(client_receive(e, fd, SP_REQ, &id, body, sizeof(body)), 12);
	assert_string_equal(body, "still there?");
	assert_int_equal(id, REQUEST_ID);
}

void client_assert_alive(struct echo *e)
{
	int fd = client_greet(e, e->rep_path, SP_REQ);

	client_assert_served(e, fd);
	close(fd);
	echo_run(e);
}

bool client_is_closed(struct echo *e, int fd)
{
	char bytes[4096];
	ssize_t n;

	echo_run(e);
	do
		n = recv(fd, bytes, sizeof(bytes), 0);
	while (n > 0);
	return n == 0 || errno != EAGAIN;
}
