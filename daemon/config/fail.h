/* How this folder reports: one line for people in a struct config_error. */
#ifndef DAEMON_CONFIG_FAIL_H
#define DAEMON_CONFIG_FAIL_H

#include "common/attr.h"
#include "daemon/config/config.h"

/* Fills *e; control characters of quoted input become '?', so that it stays one line. Returns -EINVAL. */
int config_fail(struct config_error *e, int status, const char *fmt, ...) BB_PRINTF(3, 4);

/* The same for memory. Returns -ENOMEM. */
int config_no_memory(struct config_error *e);

/* The same for "WHERE: what is wrong with VALUE", in one wording for every source. */
int config_fail_value(struct config_error *e, const char *where, const char *value,
		      const struct config_error *why);

#endif
