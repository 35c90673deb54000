/*
 * The instance's folder: the lock that says "alive", the sockets' paths, info.json. Never inside the
 * watched tree. The lock (flock(2)) is inherited across execve, so it is held from first boot to the very end.
 */
#ifndef DAEMON_MASTER_INSTANCE_H
#define DAEMON_MASTER_INSTANCE_H

#include "common/attr.h"
#include "daemon/config/config.h"

#include <jansson.h>

struct handoff_fds;
struct instance;

/*
 * Makes the folder and takes the lock. -EWOULDBLOCK: another daemon runs there (*e names its pid);
 * other -errno: *e says what and what to do.
 */
int instance_open(struct instance **i, const struct config *c, struct config_error *e) BB_NODISCARD;
/* Removes info.json and lets the lock go. History stays. */
void instance_close(struct instance *i);

const char *instance_dir(const struct instance *i);
const char *instance_admin_path(const struct instance *i);  /* NULL with --admin off */
const char *instance_events_path(const struct instance *i); /* NULL with --admin off */

/* What runs, as one string: the target, or the command with its arguments. Allocated; NULL: no memory. */
char *instance_target(const struct config *c);

/* Writes info.json (pid, directory, target, watched paths, addresses, version) for discovery and people. */
int instance_write_info(struct instance *i, json_t *info) BB_NODISCARD;

json_t *instance_save(const struct instance *i, struct handoff_fds *fds);
/*
 * Takes the lock over. The places stay those of the first boot, whatever `c` says now: clients know them.
 * -EWOULDBLOCK: the lock was lost on the way and somebody else has it; other -errno.
 */
int instance_restore(struct instance **i, const struct config *c, const json_t *state,
		     struct handoff_fds *fds) BB_NODISCARD;

#endif
