/* What is done with nodes besides linking them: the queue of those to be listed, who is polled, and letting go. */
#ifndef DAEMON_MASTER_WATCH_NODES_H
#define DAEMON_MASTER_WATCH_NODES_H

#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Has the node listed when the kernel's queue is empty. `flags`: NODE_CATCH_UP, every file in it and below is a
 * change; NODE_QUIET, nothing that turns up is news; neither, directories that turn up are.
 */
void watch_queue_node(struct watch *w, uint32_t id, unsigned flags);
void watch_queue_subtree(struct watch *w, uint32_t top, unsigned flags);
void watch_queue_all(struct watch *w, unsigned flags);
/* Takes the next node from the queue, with the flags it was queued with. WATCH_NONE: it is empty. */
uint32_t watch_queue_take(struct watch *w, unsigned *flags);
bool watch_queue_is_empty(const struct watch *w);

/* `flags`: NODE_REFUSED, NODE_NETWORK, or 0 with --reload-poll. */
void watch_poll_node(struct watch *w, uint32_t id, unsigned flags);
void watch_unpoll_node(struct watch *w, uint32_t id);

/* Lets go of a node and everything below it: watches, repositories, snapshots. */
void watch_drop(struct watch *w, uint32_t top);
/* Counts the loss of what the subtree held, if it held anything that counts, as a change of `path`. */
void watch_report_loss(struct watch *w, uint32_t top, const char *path, struct mono now);
/* Both, for a node that still has a path. */
void watch_lose(struct watch *w, uint32_t top, struct mono now);

/* Something was or may be lost: one batch without paths, and everything is scanned again. */
void watch_lost_events(struct watch *w, struct mono now);

#endif
