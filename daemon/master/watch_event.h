/*
 * Events of inotify(7) that concern nodes. Nothing is decided by them that a listing would have to confirm: what they
 * say about directories is taken down, and the nodes concerned are queued to be listed.
 */
#ifndef DAEMON_MASTER_WATCH_EVENT_H
#define DAEMON_MASTER_WATCH_EVENT_H

#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stddef.h>

/* Takes `len` bytes as read(2) gave them. */
void watch_event_handle(struct watch *w, const char *data, size_t len, struct mono now);

/* What an event says about a file called `path`: placed, created, gone … */
void watch_event_file(struct watch *w, const char *path, uint32_t mask, struct mono now);

#endif
