/* The master process from its beginning to its end. */
#ifndef DAEMON_MASTER_RUN_H
#define DAEMON_MASTER_RUN_H

#include "common/attr.h"
#include "daemon/config/config.h"

#include <stdbool.h>

/*
 * Runs the daemon until it has stopped. `c` is borrowed and may be changed. Returns the exit status.
 * Called again by each new image: it finds the state by BLACKBULLD_STATE_FD.
 */
int master_main(struct config *c, char *const argv[]);
/* Whether this process is such a new image: then nothing may make it exit. */
bool master_resuming(void);

#endif
