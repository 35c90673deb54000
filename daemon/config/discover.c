/* Finding the application when nobody named one. */
#include "daemon/config/discover.h"

#include "common/fd.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/config/fail.h"
#include "daemon/config/python_source.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_MAX (1024 * 1024) /* nobody writes an application's main module longer than that */

/* A place to look for files, and what "app/" below it means. */
struct place {
	const char *base;   /* absolute */
	const char *prefix; /* for people: "" or "src/" */
	bool fixed;	    /* --app-dir: modules are imported from base, come what may */
};

int discover_attribute(const char *path, const char **attribute)
{
	static const struct {
		const char *name;
		const char *attribute;
	} known[] = {
		{"app", "app"},
		{"api", "api"},
		{"application", "application"},
		{"create_app", "create_app()"},
	};
	char *text;
	size_t len;
	int rc = fd_read_file(path, SOURCE_MAX, &text, &len);

	if (rc < 0)
		return rc;
	*attribute = NULL;
	for (size_t i = 0; !*attribute && i < ARRAY_LEN(known); i++)
		if (python_source_defines(text, len, known[i].name))
			*attribute = known[i].attribute;
	free(text);
	return 0;
}

static bool is_package(const char *dir)
{
	char init[PATH_MAX];

	return path_join(init, sizeof(init), dir, "__init__.py") == 0 && access(init, F_OK) == 0;
}

/* Fills *d for "main.py" or "app/main.py" in a place. */
static int found(const struct place *at, const char *file, const char *attribute,
		 struct discovery *d)
{
	int stem = (int)(strlen(path_basename(file)) - strlen(".py"));
	bool in_app = path_basename(file) != file;
	char dir[PATH_MAX];

	if (path_join(dir, sizeof(dir), at->base, "app") < 0)
		return -ENAMETOOLONG;

	bool dotted = in_app && (at->fixed || is_package(dir));

	free(d->origin);
	d->target =
		str_printf("%s%.*s:%s", dotted ? "app." : "", stem, path_basename(file), attribute);
	d->app_dir = strdup(in_app && !dotted ? dir : at->base);
	d->origin = str_printf("%s%s has %s", at->prefix, file, attribute);
	return d->target && d->app_dir && d->origin ? 0 : -ENOMEM;
}

/* The first file that is no application explains why there is none. */
static int not_found(const struct place *at, const char *file, struct discovery *d)
{
	if (!d->origin)
		d->origin = str_printf("%s%s has no app, api or application", at->prefix, file);
	return d->origin ? 0 : -ENOMEM;
}

static int look_at(const struct place *at, const char *file, struct discovery *d,
		   struct config_error *e)
{
	char path[PATH_MAX];
	const char *attribute;
	int rc = path_join(path, sizeof(path), at->base, file);

	if (rc == 0)
		rc = discover_attribute(path, &attribute);
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -EISDIR || rc == -EFBIG)
		return 0;
	if (rc < 0) {
		config_fail(e, CONFIG_STATUS_ENVIRONMENT,
			    "%s%s: %s; name the application, as in \"main:app\", if it is another",
			    at->prefix, file, strerror(-rc));
		return rc;
	}
	rc = attribute ? found(at, file, attribute, d) : not_found(at, file, d);
	return rc < 0 ? config_no_memory(e) : 0;
}

static int look_in(const struct place *at, struct discovery *d, struct config_error *e)
{
	static const char *const files[] = {
		"main.py",     "app.py",     "api.py",	   "asgi.py",	  "wsgi.py",
		"app/main.py", "app/app.py", "app/api.py", "app/asgi.py", "app/wsgi.py",
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && !d->target && i < ARRAY_LEN(files); i++)
		rc = look_at(at, files[i], d, e);
	return rc;
}

int discover_app(const char *cwd, const char *app_dir, struct discovery *d, struct config_error *e)
{
	char src[PATH_MAX];
	struct discovery result = {0};
	int rc = path_join(src, sizeof(src), cwd, "src");

	if (rc < 0)
		return config_fail(e, CONFIG_STATUS_ENVIRONMENT,
				   "the current directory's path is too long");
	if (app_dir) {
		rc = look_in(&(struct place){app_dir, "", true}, &result, e);
	} else {
		rc = look_in(&(struct place){cwd, "", false}, &result, e);
		if (rc == 0 && !result.target)
			rc = look_in(&(struct place){src, "src/", false}, &result, e);
	}
	if (rc == 0) {
		*d = result;
		return 0;
	}
	free(result.target);
	free(result.app_dir);
	free(result.origin);
	return rc;
}
