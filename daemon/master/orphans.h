/*
 * Workers of an image whose state could not be read: nobody knows what they are, but their channels are open. They go
 * on serving until a generation of ours is settled; then they drain, and their idle connections are taken over.
 */
#ifndef DAEMON_MASTER_ORPHANS_H
#define DAEMON_MASTER_ORPHANS_H

#include "common/attr.h"

#include <stdbool.h>
#include <stdint.h>

struct ev_loop;
struct handoff_fds;
struct orphans;
struct output;
struct supervisor;

/* Takes the descriptors: channels, and the reading ends of what they write into. NULL: there are none, or no memory. */
struct orphans *orphans_create(struct ev_loop *loop, struct supervisor *supervisor,
			       struct output *output, struct handoff_fds *channels,
			       struct handoff_fds *pipes);
/* Called when the last of them has left. */
void orphans_on_gone(struct orphans *o, void (*gone)(void *owner), void *owner);
/* Whether any is left: another exec would end it. */
bool orphans_left(const struct orphans *o);
/* Closes everything, which ends whoever is left. NULL is allowed, here and below. */
void orphans_destroy(struct orphans *o);
/* Tells them once to finish what they have. After the time limit their channels are closed. */
void orphans_drain(struct orphans *o, uint64_t drain_timeout_ms);

#endif
