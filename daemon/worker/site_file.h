/* One file as the answer to a GET or HEAD: validators, conditions, a range, the bytes. */
#ifndef DAEMON_WORKER_SITE_FILE_H
#define DAEMON_WORKER_SITE_FILE_H

#include "daemon/http/app.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Takes fd. `name` decides the type. Ends the response. */
void site_file_reply(struct http_request *req, int fd, const struct stat *st, const char *name,
		     bool no_cache);

#endif
