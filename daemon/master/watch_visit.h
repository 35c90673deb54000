/*
 * What a listing means: which directories are to be armed, which are gone or left out, which files are changes, and whether the
 * directory is the one that its node stands for at all.
 */
#ifndef DAEMON_MASTER_WATCH_VISIT_H
#define DAEMON_MASTER_WATCH_VISIT_H

#include "common/clock.h"
#include "daemon/master/watch_core.h"

/* Takes what came of a listing that was asked for, as watch_scan.c does, and closes it. */
void watch_visit(struct watch *w, struct watch_listing *l, struct mono now);

#endif
