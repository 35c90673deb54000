/*
 * Scanning: a node is opened, its watch added, then it is listed, in this order: what was made before the watch is in the
 * listing, what is made after it is in the queue. Initial arming, new directories, repair and polling are all this.
 */
#ifndef DAEMON_MASTER_WATCH_SCAN_H
#define DAEMON_MASTER_WATCH_SCAN_H

#include "common/clock.h"
#include "daemon/master/watch_core.h"

#include <stdint.h>

/* Lists queued nodes until none is left, or for about budget_ms (0: however long it takes). */
void watch_scan_run(struct watch *w, int64_t budget_ms);

void watch_scan_finish(struct watch *w);

/* Reads the .gitignore of the directory, whose path is `dir`. */
void watch_scan_load_rules(struct watch *w, const char *dir);
/* A pyvenv.cfg makes a directory a virtual environment: lets go of the node. */
void watch_scan_leave_out(struct watch *w, uint32_t id);

#endif
