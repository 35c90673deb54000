/* A configuration while it is being put together: which source has said what, and the stronger one wins. */
#ifndef DAEMON_CONFIG_SETTINGS_H
#define DAEMON_CONFIG_SETTINGS_H

#include "common/attr.h"
#include "daemon/config/config.h"
#include "daemon/config/options.h"

#include <stdbool.h>
#include <stddef.h>

/* Weakest first; sources are applied in this order. */
enum setting_source { SOURCE_PRESET, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_COMMAND_LINE };

struct settings {
	struct config config;
	struct {
		enum setting_source source; /* the last that set it */
		unsigned line;		    /* of the file, or 0 */
	} given[OPTIONS_MAX];		    /* by option_index() */
};

/* *s is zeroed memory. Applies the presets. Returns 0 or -errno and *e. */
int settings_init(struct settings *s, struct config_error *e) BB_NODISCARD;
void settings_finish(struct settings *s);

/*
 * Applies one value. `where` names the option in messages as its source spells it: "--workers", "x.conf:3:
 * workers". `value` may be NULL for switches and optional values. The first value of a repeatable option from a
 * stronger source replaces the list of a weaker one. Returns 0 or -errno and *e.
 */
int settings_set(struct settings *s, const struct option_def *o, enum setting_source from,
		 const char *where, const char *value, bool negated,
		 struct config_error *e) BB_NODISCARD;

/* BLACKBULLD_X in the environment, for every key x; others with that prefix are none of ours. */
int settings_read_environment(struct settings *s, char *const env[],
			      struct config_error *e) BB_NODISCARD;

/* blackbulld.conf: `text` of `len` bytes, called `name` in messages. Pure. */
int settings_read_file(struct settings *s, const char *name, const char *text, size_t len,
		       struct config_error *e) BB_NODISCARD;

#endif
