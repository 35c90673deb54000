/*
 * When the state of the image before cannot be read: which of the open descriptors are our listening sockets? Service
 * goes on with them; everything else that was inherited is closed, so that old workers see EOF and leave.
 */
#ifndef DAEMON_MASTER_SALVAGE_H
#define DAEMON_MASTER_SALVAGE_H

#include "common/attr.h"
#include "common/str.h"
#include "daemon/master/handoff.h"

#include <jansson.h>

/*
 * Looks at every descriptor above 2. The sockets that fit `binds` go into *fds and, as listeners_restore() wants
 * it, into the array returned (new reference; NULL when memory runs out). The others are closed.
 */
json_t *salvage_listeners(const struct strv *binds, struct handoff_fds *fds);

#endif
