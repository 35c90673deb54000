/* What runs: a TARGET that was named taken for what it is, or one found. */
#ifndef DAEMON_CONFIG_TARGET_H
#define DAEMON_CONFIG_TARGET_H

#include "common/attr.h"

#include <stdbool.h>

struct config;
struct config_kept;
struct config_error;

/* "module:attribute", both dotted names, or "module:factory()". */
bool target_is_app(const char *target);

/*
 * Fills kind, target, app_dir and target_origin of *c from target, command and app_dir as they were given
 * (c->directory is filled). `from_file`: blackbulld.conf named it. `kept`: what a daemon that runs already serves, or
 * NULL. Returns 0 or -errno and *e.
 */
int target_resolve(struct config *c, bool from_file, const struct config_kept *kept,
		   struct config_error *e) BB_NODISCARD;

#endif
