/*
 * When the state of the image before cannot be read: what are the descriptors that happen to be open? Service goes on
 * with the listening sockets; the workers are told to finish (orphans.h); everything else is closed.
 */
#ifndef DAEMON_MASTER_SALVAGE_H
#define DAEMON_MASTER_SALVAGE_H

#include "common/attr.h"
#include "common/str.h"
#include "daemon/master/handoff.h"

#include <jansson.h>

struct salvage {
	json_t *listeners; /* as listeners_restore() wants it; NULL: a first boot, or no memory */
	struct handoff_fds fds;
	struct handoff_fds channels; /* to workers */
	struct handoff_fds pipes;    /* that workers write into */
};

/* Looks at every descriptor above 2. Listening sockets are those that fit `binds`. */
void salvage(struct salvage *s, const struct strv *binds);
/* Closes what nobody has taken. */
void salvage_finish(struct salvage *s);

#endif
