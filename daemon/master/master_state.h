/* The master's whole state as hand-over bytes and back, module by module, and the exec between the two. */
#ifndef DAEMON_MASTER_MASTER_STATE_H
#define DAEMON_MASTER_MASTER_STATE_H

#include "common/attr.h"
#include "common/buf.h"

struct config_error;
struct config_kept;
struct master;

/* Replaces this image by the program at m->exec_path. Returns only on failure, with -errno; nothing has changed then. */
int master_state_exec(struct master *m) BB_NODISCARD;

/* What the image before held on to of its configuration, for config_load_again(). Returns 0, -EBADMSG or -ENOMEM. */
int master_state_kept(const struct buf *state, struct config_kept *kept) BB_NODISCARD;

/*
 * Fills a master whose loop, output, logbook, events and supervisor exist with what the image before left. What the
 * configuration asks for and cannot be had is said in *error, unless something is there already. 0 or -errno.
 */
int master_state_restore(struct master *m, const struct buf *state,
			 struct config_error *error) BB_NODISCARD;

#endif
