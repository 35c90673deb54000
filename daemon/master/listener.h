/* The listening sockets: bound once, kept open across every execve, verified before use by the next image. */
#ifndef DAEMON_MASTER_LISTENER_H
#define DAEMON_MASTER_LISTENER_H

#include "common/attr.h"
#include "common/str.h"
#include "daemon/config/config.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handoff_fds;
struct listeners;

/* What the configuration means: its addresses, or systemd's sockets, or the default. Returns 0 or -ENOMEM. */
int listeners_effective(const struct strv *binds, struct strv *out) BB_NODISCARD;

/* Binds every address. All or nothing: on error *e has the line, nothing stays bound. Returns 0 or -errno. */
int listeners_open(struct listeners **l, const struct strv *binds,
		   struct config_error *e) BB_NODISCARD;
/* Closes them; Unix socket files that are still ours are removed. */
void listeners_close(struct listeners *l);

size_t listeners_count(const struct listeners *l);
int listeners_fd(const struct listeners *l, size_t i);
/* "127.0.0.1:8000", "[::1]:8000", "unix:/path": the real address, also for port 0. */
const char *listeners_address(const struct listeners *l, size_t i);
/* "http://127.0.0.1:8000" or the address for people. */
const char *listeners_url(const struct listeners *l, size_t i);
/* [{"address","family","inherited"}]. New reference or NULL. */
json_t *listeners_to_json(const struct listeners *l);

json_t *listeners_save(const struct listeners *l, struct handoff_fds *fds);
/*
 * Takes over the sockets that verify (inode, type, accepting, address), matches them with `binds`: kept, added,
 * removed. When an added one cannot be bound, all stays as it was (*e, -errno; *l is usable).
 */
int listeners_restore(struct listeners **l, const struct strv *binds, const json_t *state,
		      struct handoff_fds *fds, struct config_error *e) BB_NODISCARD;

#endif
