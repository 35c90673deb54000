/* Finding the application when nobody named one, in the places where `fastapi dev` looks. */
#ifndef DAEMON_CONFIG_DISCOVER_H
#define DAEMON_CONFIG_DISCOVER_H

#include "common/attr.h"

struct config_error;

/* Strings are owned by the caller after success. */
struct discovery {
	char *target;  /* "main:app"; NULL: no application here */
	char *app_dir; /* absolute */
	char *origin; /* "src/main.py has app"; with no target: why, or NULL if there was nothing to look at */
};

/*
 * Looks for main.py, app.py, api.py, asgi.py, wsgi.py and the same in app/, first in `cwd`, then in cwd/src; with
 * `app_dir` (absolute) there alone. The first that binds app, api, application or the factory create_app at its
 * top level wins. A file in app/ is imported as app.main if app/ is a package, else as main from app/.
 * Nothing is executed.
 * Returns 0; or -errno and *e: a file that might be it cannot be read.
 */
int discover_app(const char *cwd, const char *app_dir, struct discovery *d,
		 struct config_error *e) BB_NODISCARD;

/*
 * Which of the names an application may have the file binds: *attribute is static and as a target wants it
 * ("app", "create_app()"), NULL for none. Returns 0, or -errno if there is no such readable file.
 */
int discover_attribute(const char *path, const char **attribute) BB_NODISCARD;

#endif
