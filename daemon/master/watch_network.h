/* Which file systems are written by others than this kernel's programs, so that inotify(7) does not see it. */
#ifndef DAEMON_MASTER_WATCH_NETWORK_H
#define DAEMON_MASTER_WATCH_NETWORK_H

#include "daemon/master/watch_core.h"

#include <stdbool.h>
#include <stdint.h>

/* About the file system that `fd` is on; `dev` is its watch_dev(). Asked once for each device. */
bool watch_network_is(struct watch *w, int fd, uint32_t dev);
/* The same from what is known already; false for a device that was never asked about. */
bool watch_network_known(const struct watch *w, uint32_t dev);

#endif
