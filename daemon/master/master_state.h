/* The master's whole state as hand-over bytes and back, module by module, and the exec between the two. */
#ifndef DAEMON_MASTER_MASTER_STATE_H
#define DAEMON_MASTER_MASTER_STATE_H

#include "common/attr.h"
#include "common/buf.h"

#include <stdbool.h>

struct master;

/* Replaces this image by the program at m->exec_path. Returns only on failure, with -errno; nothing has changed then. */
int master_state_exec(struct master *m) BB_NODISCARD;

/* Whether these bytes are a state that this build can read. */
bool master_state_readable(const struct buf *state);

/* Fills a master whose loop, output, logbook, events and supervisor exist with what the image before left. 0 or -errno. */
int master_state_restore(struct master *m, const struct buf *state) BB_NODISCARD;

#endif
