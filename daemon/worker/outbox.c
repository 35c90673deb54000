/* What a worker sends to the master, kept while the channel is full. */
#include "daemon/worker/outbox.h"

#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Too many descriptors are on their way (ETOOMANYREFS, unix(7)): the socket is writable all the
 * same.
 */
#define RETRY_SECONDS 0.01

struct letter {
	struct list_node link; /* outbox.queue */
	enum channel_type type;
	int fd;
	size_t len;
	char body[];
};

static void letter_destroy(struct letter *l)
{
	list_remove(&l->link);
	fd_close(&l->fd);
	free(l);
}

static bool must_wait(int err)
{
	return err == -EAGAIN || err == -ETOOMANYREFS || err == -ENOBUFS;
}

static void wait_for_room(struct outbox *o, int err)
{
	if (err == -EAGAIN) {
		ev_io_start(o->loop, &o->writable);
		return;
	}
	ev_io_stop(o->loop, &o->writable);
	ev_timer_set(&o->retry, RETRY_SECONDS, 0.);
	ev_timer_start(o->loop, &o->retry);
}

/* A message that can never be sent goes the way of its connection: closed. */
static void send_queued(struct outbox *o)
{
	while (!list_empty(&o->queue)) {
		struct letter *l = list_entry(list_first(&o->queue), struct letter, link);
		int err = channel_send(o->sock, l->type, l->body, l->len, l->fd);

		if (must_wait(err)) {
			wait_for_room(o, err);
			return;
		}
		letter_destroy(l);
	}
	ev_io_stop(o->loop, &o->writable);
	o->emptied(o->owner);
}

static void writable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	send_queued(container_of(w, struct outbox, writable));
}

static void retry_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	send_queued(container_of(w, struct outbox, retry));
}

void outbox_init(struct outbox *o, struct ev_loop *loop, int sock, void (*emptied)(void *owner),
		 void *owner)
{
	*o = (struct outbox){.loop = loop, .sock = sock, .emptied = emptied, .owner = owner};
	list_init(&o->queue);
	ev_io_init(&o->writable, writable_cb, sock, EV_WRITE);
	ev_timer_init(&o->retry, retry_cb, RETRY_SECONDS, 0.);
}

void outbox_finish(struct outbox *o)
{
	ev_io_stop(o->loop, &o->writable);
	ev_timer_stop(o->loop, &o->retry);
	list_for_each(it, &o->queue, struct letter, link)
		letter_destroy(it);
}

static int enqueue(struct outbox *o, enum channel_type type, const void *body, size_t len, int fd)
{
	struct letter *l = malloc(sizeof(*l) + len);

	if (!l)
		return -ENOMEM;
	*l = (struct letter){.type = type, .fd = fd, .len = len};
	if (len > 0)
		memcpy(l->body, body, len);
	list_push_back(&o->queue, &l->link);
	return 0;
}

int outbox_send(struct outbox *o, enum channel_type type, const void *body, size_t len, int fd)
{
	int err;

	if (!list_empty(&o->queue))
		return enqueue(o, type, body, len, fd);
	err = channel_send(o->sock, type, body, len, fd);
	if (must_wait(err)) {
		int queued = enqueue(o, type, body, len, fd);

		if (!queued)
			wait_for_room(o, err);
		return queued;
	}
	if (!err)
		fd_close(&fd);
	return err;
}

bool outbox_is_empty(const struct outbox *o)
{
	return list_empty(&o->queue);
}
