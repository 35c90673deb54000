/*
 * Looking at a file when its window closes: is it there, is it whole, does it differ?
 *
 * Whether somebody still writes is asked of the kernel: a read lease is refused while a file is open for writing
 * (fcntl(2), F_SETLEASE), so no half-written file is ever acted on. Where leases do not work, size and ctime
 * have to stand still for a while.
 */
#ifndef DAEMON_MASTER_WATCH_LOOK_H
#define DAEMON_MASTER_WATCH_LOOK_H

#include "common/clock.h"
#include "daemon/master/debounce.h"

struct watch;

/* A debounce_look_fn; `owner` is the struct watch. */
enum debounce_look watch_look(void *owner, struct debounce_entry *e);

/* As watcher_set_baseline(). */
void watch_look_set_baseline(struct watch *w, struct wall loaded);

#endif
