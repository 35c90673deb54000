/* The master process from its beginning to its end. */
#ifndef DAEMON_MASTER_RUN_H
#define DAEMON_MASTER_RUN_H

#include "common/attr.h"
#include "daemon/config/config.h"

#include <stdbool.h>

/*
 * Runs the daemon until it has stopped. `c` is borrowed and may be changed. `report` is what detach_fork() gave, or -1
 * in the foreground. Returns the exit status.
 */
int master_main(struct config *c, char *const argv[], int report);

/* Whether this process is a later image of a daemon that runs already. */
bool master_resuming(void);
/*
 * The main of such an image: it finds the state by BLACKBULLD_STATE_FD and reads the configuration anew. Nothing that is
 * wrong with either ends the service.
 */
int master_resume(int argc, char *const argv[]);

#endif
