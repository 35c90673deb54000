/* Makes the listening socket for one --bind address, or takes one that was passed to us. */
#ifndef DAEMON_MASTER_SOCKET_BIND_H
#define DAEMON_MASTER_SOCKET_BIND_H

#include "common/attr.h"
#include "daemon/config/config.h"

#include <stdbool.h>

#define SOCKET_BIND_FIRST_FD 3 /* SD_LISTEN_FDS_START, sd_listen_fds(3) */

/*
 * *fd is CLOEXEC, listening, and blocking: a command's accept(2) may count on that. *inherited says that it
 * was there before (fd://N). Returns 0, or -errno and one line in *e.
 */
int socket_bind(const char *spec, int *fd, bool *inherited, struct config_error *e) BB_NODISCARD;

/* How many sockets systemd passed to this process by LISTEN_FDS and LISTEN_PID; 0 if none. */
int socket_bind_passed(void);

#define SOCKET_BIND_NAME_MAX 256 /* sd_listen_fds_with_names(3) allows 255 bytes */

/* What systemd calls the socket that it passed as descriptor `fd` (LISTEN_FDNAMES), else "http". */
const char *socket_bind_name(int fd, char out[SOCKET_BIND_NAME_MAX]);

#endif
