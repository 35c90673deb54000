/*
 * The daemon's configuration: one struct, filled from defaults, blackbulld.conf, BLACKBULLD_* in the
 * environment and the command line, in that order of strength. All of it, --help, the completions and the man
 * pages come from, or are checked against, the one table in options.c.
 */
#ifndef DAEMON_CONFIG_CONFIG_H
#define DAEMON_CONFIG_CONFIG_H

#include "common/attr.h"
#include "common/http_limits.h"
#include "common/log.h"
#include "common/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum target_kind { TARGET_APP, TARGET_COMMAND, TARGET_SITE };
enum handover { HANDOVER_FRESH, HANDOVER_OVERLAP };
enum ready_kind { READY_AUTO, READY_NOTIFY, READY_DELAY };

struct config {
	/* What runs. */
	enum target_kind kind;
	char *target; /* "module:attribute"; absolute directory of a site; NULL for commands */
	struct strv command; /* of TARGET_COMMAND: program and arguments */
	char *target_origin; /* how it was found, for one log line: "main.py has app"; NULL if given */
	bool target_found; /* nobody named it: it was looked for */
	char *directory;   /* absolute: where the daemon was started */
	char *python;	   /* as given; "python3" is looked up in PATH at spawn */
	char *app_dir;	   /* absolute */
	char *root_path;   /* or NULL */
	char *interface;   /* "auto", "asgi", "wsgi" */
	char *lifespan;	   /* "auto", "on", "off" */

	/* Where it listens. Empty: LISTEN_FDS if systemd passed some, else 127.0.0.1:8000. */
	struct strv binds;
	uint32_t workers; /* resolved: never 0 */

	/* Reloading. */
	bool reload;
	struct strv reload_paths; /* absolute, normalized; at least one with reload */
	struct strv reload_include;
	struct strv reload_exclude;
	uint32_t reload_delay_ms; /* quiet window for a single file; default 3 */
	uint32_t reload_poll_ms;  /* 0: inotify */
	char *build;		  /* shell command, or NULL */
	enum handover handover;	  /* resolved */
	enum ready_kind ready;
	uint32_t ready_delay_ms; /* of READY_DELAY */
	uint64_t ready_timeout_ms;
	uint64_t drain_timeout_ms;

	/* HTTP. */
	struct http_limits limits;
	char *forwarded_allow_ips; /* or NULL */
	bool access_log;

	/* The daemon itself. */
	enum log_level log_level;
	enum log_format log_format;
	char *admin;	 /* socket path, "off", or NULL: in the instance's folder */
	char *name;	 /* or NULL */
	bool detach;	 /* of a start alone */
	char *file_text; /* of the configuration file; NULL: there is none */
};

/* What a command line asks for besides running. */
enum config_action { CONFIG_RUN, CONFIG_CHECK, CONFIG_HELP, CONFIG_VERSION };

#define CONFIG_STATUS_USAGE	  2 /* what was asked for makes no sense */
#define CONFIG_STATUS_ENVIRONMENT 1 /* it does, but not on this machine now */

struct config_error {
	char text[512]; /* one line, without the program's name: what, which value, what to do */
	int status;	/* for exit(3): CONFIG_STATUS_*, from the functions of this header */
};

/*
 * Reads everything. `environ` and the current directory are consulted, nothing is changed or created.
 * Returns 0 and fills *c and *action; else -errno (-EINVAL: usage error) and *e says why. With CONFIG_HELP
 * and CONFIG_VERSION nothing else is looked at, and *c is zero. *c needs config_finish() only after 0.
 *
 * Each image of the daemon reads its configuration anew. What only a start must insist on (that paths
 * and programs exist) is config_check()'s, since in the middle of a checkout they may be gone for a moment.
 */
int config_load(struct config *c, enum config_action *action, int argc, char *const argv[],
		struct config_error *e) BB_NODISCARD;
void config_finish(struct config *c);

/* What a running daemon holds on to from one image to the next. Strings are owned; absent is NULL. */
struct config_kept {
	enum target_kind kind;
	char *target;	 /* as in struct config */
	char *app_dir;	 /* the same */
	char *directory; /* the same: what it names may have moved, or be gone for a moment */
	bool found;	 /* target_found */
	char *file_text; /* the configuration file as it was last good */
};

void config_kept_finish(struct config_kept *k);

/*
 * The configuration of a daemon that runs already. What was found once stays the target, and any directory may be
 * missing, since in the middle of a checkout anything may be gone for a moment. A configuration file that
 * cannot be used, or is there no longer, gives way to the kept text: then *e says what is wrong, else e->text is "".
 * Returns 0, or -errno and *e when the kept text is of no use either.
 */
int config_load_again(struct config *c, int argc, char *const argv[],
		      const struct config_kept *kept, struct config_error *e) BB_NODISCARD;

/* Whether every path and program that *c names is there. Returns 0, or -errno and *e. */
int config_check(const struct config *c, struct config_error *e) BB_NODISCARD;

const char *target_kind_name(enum target_kind k); /* "app", "command", "site" */
const char *handover_name(enum handover h);	  /* "fresh", "overlap" */

/* Writes --help, from the option table. */
void config_print_help(FILE *out);

#endif
