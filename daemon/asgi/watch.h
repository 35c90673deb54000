/* The application's descriptors on the libev loop: a table by number. */
#ifndef DAEMON_ASGI_WATCH_H
#define DAEMON_ASGI_WATCH_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

#include <stddef.h>

struct ev_loop;
struct watch;

/*
 * Called from the loop, with the key (borrowed) and EV_READ, EV_WRITE or both, which selectors spells the same. A
 * descriptor that was closed without being taken off is told once, as ready for all it was watched for.
 */
typedef void watch_ready_fn(void *owner, PyObject *key, int events);

struct watches {
	struct ev_loop *loop;
	watch_ready_fn *ready;
	void *owner;
	struct watch **by_fd;
	size_t size;
};

/* A zeroed table is empty; `loop`, `ready` and `owner` are set before the first call of this. 0, or -1 raising. */
int watches_set(struct watches *ws, int fd, int events, PyObject *key) BB_NODISCARD;
/* Nothing happens when fd is not there. */
void watches_remove(struct watches *ws, int fd);
void watches_finish(struct watches *ws);
/* For the collector: keys lead to transports, and these back to whoever owns the table. */
int watches_traverse(const struct watches *ws, visitproc visit, void *arg);

#endif
