/* What a worker sends to the master, in order, kept while the channel is full. */
#ifndef DAEMON_WORKER_OUTBOX_H
#define DAEMON_WORKER_OUTBOX_H

#include "common/attr.h"
#include "common/list.h"
#include "daemon/ipc/channel.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct outbox {
	struct ev_loop *loop;
	int sock; /* of the caller */
	ev_io writable;
	ev_timer retry;
	struct list queue; /* struct letter.link */
	void (*emptied)(void *owner);
	void *owner;
};

/* `emptied` is called from the loop each time the last message that had to wait was sent. */
void outbox_init(struct outbox *o, struct ev_loop *loop, int sock, void (*emptied)(void *owner),
		 void *owner);
/* Drops what waits, its descriptors included. */
void outbox_finish(struct outbox *o);

/*
 * Sends now or later. Takes fd, if it is >= 0, on success only. Returns 0, -EPIPE: nobody receives
 * any more, -EMSGSIZE, -ENOMEM, -errno.
 */
int outbox_send(struct outbox *o, enum channel_type type, const void *body, size_t len,
		int fd) BB_NODISCARD;
bool outbox_is_empty(const struct outbox *o);

#endif
