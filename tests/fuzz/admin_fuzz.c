/* Bytes of a client of the admin sockets, in pieces: no crash, no leak, nothing read that was not sent. */
#include "daemon/master/admin_conn.h"
#include "daemon/master/ring.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct fuzz {
	struct ev_loop *loop;
	struct admin_conns conns;
	int client;
};

/* Touches every byte, then answers with some of them. */
static void answer(void *owner, const struct admin_peer *from, const char *body, size_t len)
{
	struct fuzz *f = owner;
	struct admin_conn *c = admin_conns_find(&f->conns, from->conn);
	unsigned char sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= (unsigned char)body[i];
	if (c && sum % 4)
		admin_conn_reply(c, from->request, body, len);
}

static void run(struct fuzz *f)
{
	char unread[4096];

	ev_run(f->loop, EVRUN_NOWAIT);
	while (recv(f->client, unread, sizeof(unread), MSG_DONTWAIT) > 0)
		;
}

/* Saves the connection and takes it over again, as an exec does. */
static void hand_over(struct fuzz *f)
{
	struct list_node *first = list_first(&f->conns.list);

	if (!first)
		return;

	struct admin_conn *c = list_entry(first, struct admin_conn, link);
	struct buf bytes;
	struct reader saved;
	int fd = dup(c->fd);

	buf_init(&bytes, SIZE_MAX);

	json_t *state = admin_conn_save(c, &bytes);

	admin_conns_finish(&f->conns);
	reader_init(&saved, buf_data(&bytes), buf_len(&bytes));
	if (state && fd >= 0)
		(void)admin_conn_restore(&f->conns, fd, state, &saved);
	json_decref(state);
	buf_finish(&bytes);
}

static void feed(struct fuzz *f, const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t n = 1 + data[0] % 64;

		n = n < len ? n : len;
		if (send(f->client, data, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return;
		run(f);
		if (data[0] == 0xff)
			hand_over(f);
		data += n;
		len -= n;
	}
}

/* The first byte says whether a good hello goes before the rest, and as what we listen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz f = {.loop = ev_loop_new(EVFLAG_AUTO)};
	struct ring *events = ring_create("events", 4096, 16);
	int ends[2];

	if (len == 0 || !f.loop || !events ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0) {
		ring_destroy(events);
		ev_loop_destroy(f.loop);
		return 0;
	}
	f.client = ends[1];
	admin_conns_init(&f.conns, f.loop, events, answer, &f);
	admin_conns_adopt(&f.conns, ends[0], data[0] & 2 ? SP_PUB : SP_REP);
	if (data[0] & 1) {
		unsigned char hello[SP_HELLO_LEN];

		sp_hello_encode(data[0] & 2 ? SP_SUB : SP_REQ, hello);
		(void)!write(f.client, hello, sizeof(hello));
		run(&f);
	}
	feed(&f, data + 1, len - 1);
	close(f.client);
	ev_run(f.loop, EVRUN_NOWAIT);
	admin_conns_finish(&f.conns);
	ring_destroy(events);
	ev_loop_destroy(f.loop);
	return 0;
}
