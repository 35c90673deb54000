/* The connections of the admin sockets: hello, messages in, messages out, limits. */
#include "daemon/master/admin_conn.h"

#include "common/admin_proto.h"
#include "common/fd.h"
#include "daemon/master/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE    (8 * 1024) /* a turn: what a flood of small requests may keep us busy with */
#define MESSAGE_SIZE (SP_ID_LEN + ADMIN_MESSAGE_MAX)
#define IN_MAX	     (SP_HEADER_LEN + MESSAGE_SIZE + READ_SIZE)

void admin_conn_destroy(struct admin_conn *c)
{
	struct admin_conns *s = c->set;

	ev_io_stop(s->loop, &c->reader);
	ev_io_stop(s->loop, &c->writer);
	ev_timer_stop(s->loop, &c->hello);
	list_remove(&c->link);
	s->count--;
	fd_close(&c->fd);
	buf_finish(&c->in);
	buf_finish(&c->out);
	free(c);
	if (s->closed)
		s->closed(s->closed_arg);
}

void admin_conn_drop(struct admin_conn *c)
{
	if (!c->answering) {
		admin_conn_destroy(c);
		return;
	}
	c->dead = true;
	ev_io_stop(c->set->loop, &c->reader);
	ev_io_stop(c->set->loop, &c->writer);
}

static size_t held_by(const struct admin_conn *c)
{
	return buf_len(&c->in) + buf_len(&c->out);
}

void admin_conns_check_held(struct admin_conns *s)
{
	struct admin_conn *most = NULL;
	size_t total = 0;

	list_for_each(c, &s->list, struct admin_conn, link) {
		if (ev_is_pending(&c->hello))
			continue; /* it is leaving already */
		total += held_by(c);
		if (!most || held_by(c) > held_by(most))
			most = c;
	}
	if (total > ADMIN_HELD)
		ev_feed_event(s->loop, &most->hello, EV_TIMER);
}

/* Reads once. Returns 0, also when there is nothing to read now, or -errno; -ECONNRESET at the end. */
static int conn_fill(struct admin_conn *c)
{
	int err = buf_reserve(&c->in, READ_SIZE);

	if (err)
		return err;

	ssize_t n = recv(c->fd, buf_tail(&c->in), READ_SIZE, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	buf_commit(&c->in, (size_t)n);
	if (buf_len(&c->in) > READ_SIZE)
		admin_conns_check_held(c->set);
	return 0;
}

/* Takes the hello if it is there. Returns 0 or -EPROTO. */
static int conn_greet(struct admin_conn *c)
{
	if (c->greeted || buf_len(&c->in) < SP_HELLO_LEN)
		return 0;
	if (sp_hello_check(c->self, (const unsigned char *)buf_data(&c->in)) < 0)
		return -EPROTO;
	buf_consume(&c->in, SP_HELLO_LEN);
	c->greeted = true;
	ev_timer_stop(c->set->loop, &c->hello);
	/* A subscriber may have missed events since it was accepted. */
	if (c->self == SP_PUB)
		ev_io_start(c->set->loop, &c->writer);
	return 0;
}

/* Hands one request on. The bytes stay until the callback returns; `taken` says that they are no longer unread. */
static int conn_request(struct admin_conn *c, const struct sp_message *m)
{
	const struct admin_peer from = {c->number, m->id, c->uid, c->pid};

	c->taken = m->total;
	c->answering = true;
	c->set->request(c->set->owner, &from, m->body, m->body_len);
	c->answering = false;
	buf_consume(&c->in, c->taken);
	c->taken = 0;
	return c->dead ? -ECONNRESET : 0;
}

/* Hands on what has come. Returns 0 or -errno: then the connection is to be destroyed. */
static int conn_process(struct admin_conn *c)
{
	int err = conn_greet(c);

	/* Subscribers have nothing to say after their hello. */
	if (!err && c->greeted && c->self == SP_PUB && buf_len(&c->in) > 0)
		err = -EPROTO;
	while (!err && c->greeted && admin_conn_reads_answers(c)) {
		struct sp_message m;
		int found = sp_message_next(buf_data(&c->in), buf_len(&c->in), c->self,
					    MESSAGE_SIZE, &m);

		if (found <= 0) {
			err = found;
			break;
		}
		err = conn_request(c, &m);
	}
	if (buf_len(&c->in) == 0)
		buf_trim(&c->in);
	return err;
}

/* First what is there from before: more is read only when it is not enough for a request. */
static int conn_turn(struct admin_conn *c)
{
	int err = conn_process(c);

	if (!err && admin_conn_reads_answers(c)) {
		err = conn_fill(c);
		if (!err)
			err = conn_process(c);
	}
	return err;
}

static void conn_read_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct admin_conn *c = container_of(w, struct admin_conn, reader);

	(void)loop;
	(void)revents;
	if (conn_turn(c) < 0)
		admin_conn_destroy(c);
}

static void conn_write_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	admin_conn_flush(container_of(w, struct admin_conn, writer));
}

static void conn_hello_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	admin_conn_destroy(container_of(w, struct admin_conn, hello));
}

/* Only we and root may ask. 0 or -errno. */
static int check_peer(int fd, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) < 0)
		return -errno;
	return peer->uid == geteuid() || peer->uid == 0 ? 0 : -EPERM;
}

struct admin_conn *admin_conn_create(struct admin_conns *s, int fd, enum sp_proto self,
				     uint64_t number)
{
	struct ucred peer;
	struct admin_conn *c = check_peer(fd, &peer) == 0 ? calloc(1, sizeof(*c)) : NULL;

	if (!c) {
		fd_close(&fd);
		return NULL;
	}
	c->set = s;
	c->number = number;
	c->self = self;
	c->uid = peer.uid;
	c->pid = peer.pid;
	c->fd = fd;
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, SIZE_MAX);
	c->event = ring_last(s->events) + 1;
	ev_io_init(&c->reader, conn_read_cb, fd, EV_READ);
	ev_io_init(&c->writer, conn_write_cb, fd, EV_WRITE);
	ev_timer_init(&c->hello, conn_hello_cb, s->hello_s, 0);
	list_push_back(&s->list, &c->link);
	s->count++;
	return c;
}

void admin_conn_start(struct admin_conn *c)
{
	if (!c->greeted)
		ev_timer_start(c->set->loop, &c->hello);
	ev_io_start(c->set->loop, &c->reader);
	if (buf_len(&c->in) > 0)
		ev_feed_event(c->set->loop, &c->reader, EV_READ);
}

/* How many of a process have not said hello. */
static size_t count_silent(const struct admin_conns *s, pid_t pid)
{
	size_t n = 0;

	list_for_each(c, &s->list, struct admin_conn, link)
		n += !c->greeted && c->pid == pid;
	return n;
}

/*
 * Who makes room: the oldest without a hello, also when one looks whether it has come meanwhile, of the process that has
 * most of them, so that a crowd pushes out its own. NULL: all have said it.
 */
static struct admin_conn *find_silent(struct admin_conns *s)
{
	struct admin_conn *found = NULL;
	size_t most = 0;

	list_for_each(c, &s->list, struct admin_conn, link) {
		size_t n;

		if (c->greeted)
			continue;
		if (conn_fill(c) < 0 || conn_greet(c) < 0)
			return c;
		n = c->greeted ? 0 : count_silent(s, c->pid);
		if (n > most) {
			most = n;
			found = c;
		}
		if (c->greeted && buf_len(&c->in) > 0)
			ev_feed_event(s->loop, &c->reader, EV_READ);
	}
	return found;
}

void admin_conns_adopt(struct admin_conns *s, int fd, enum sp_proto self)
{
	struct admin_conn *silent = s->count >= ADMIN_CONNS_MAX ? find_silent(s) : NULL;
	unsigned char hello[SP_HELLO_LEN];

	if (silent)
		admin_conn_destroy(silent);
	if (s->count >= ADMIN_CONNS_MAX) {
		fd_close(&fd);
		return;
	}

	struct admin_conn *c = admin_conn_create(s, fd, self, s->next_number);

	if (!c)
		return;
	s->next_number++;
	admin_conn_start(c);
	sp_hello_encode(self, hello);
	if (buf_add(&c->out, hello, sizeof(hello)) < 0)
		admin_conn_destroy(c);
	else
		admin_conn_flush(c);
}

struct admin_conn *admin_conns_find(const struct admin_conns *s, uint64_t number)
{
	list_for_each(c, &s->list, struct admin_conn, link)
		if (c->number == number)
			return c->dead ? NULL : c;
	return NULL;
}

void admin_conns_init(struct admin_conns *s, struct ev_loop *loop, const struct ring *events,
		      admin_request_fn *request, void *owner)
{
	*s = (struct admin_conns){
		.loop = loop,
		.events = events,
		.request = request,
		.owner = owner,
		.next_number = 1,
		.hello_s = ADMIN_HELLO_S,
	};
	list_init(&s->list);
}

void admin_conns_finish(struct admin_conns *s)
{
	s->closed = NULL;
	list_for_each(c, &s->list, struct admin_conn, link)
		admin_conn_destroy(c);
}
