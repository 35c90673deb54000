/* Whether what the configuration names is there: asked once, when the daemon starts. */
#include "daemon/config/config.h"

#include "common/path.h"
#include "daemon/config/fail.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_errno(struct config_error *e, int err, const char *what, const char *path)
{
	config_fail(e, CONFIG_STATUS_ENVIRONMENT, "%s \"%.300s\": %s", what, path, strerror(err));
	return -err;
}

static int check_directory(const char *what, const char *path, struct config_error *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail_errno(e, errno, what, path);
	if (!S_ISDIR(st.st_mode))
		return fail_errno(e, ENOTDIR, what, path);
	if (access(path, R_OK | X_OK) < 0)
		return fail_errno(e, errno, what, path);
	return 0;
}

static int check_reload_paths(const struct config *c, struct config_error *e)
{
	struct stat st;

	for (size_t i = 0; c->reload && i < c->reload_paths.len; i++) {
		const char *path = c->reload_paths.v[i];

		if (stat(path, &st) < 0)
			return fail_errno(e, errno, "--reload-path", path);
		if (access(path, R_OK) < 0)
			return fail_errno(e, errno, "--reload-path", path);
	}
	return 0;
}

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return access(path, X_OK) < 0 ? errno : 0;
}

/* As execvp(3) will look for it. Returns 0 or the errno to show; ENOENT also for "not in PATH". */
static int find_program(const char *name)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];
	int result = ENOENT;

	if (strchr(name, '/'))
		return executable(name);
	for (const char *p = dirs ? dirs : "/bin:/usr/bin"; p; p = strchr(p, ':')) {
		size_t len;
		int err;

		p += *p == ':';
		len = strcspn(p, ":");
		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)len, p, len ? "/" : "", name) >=
		    (int)sizeof(path))
			continue;
		err = executable(path);
		if (err == 0)
			return 0;
		if (err == EACCES)
			result = EACCES;
	}
	return result;
}

static int check_program(const char *what, const char *name, const char *advice,
			 struct config_error *e)
{
	int err = find_program(name);

	if (err == 0)
		return 0;
	if (err == ENOENT && !strchr(name, '/'))
		config_fail(e, CONFIG_STATUS_ENVIRONMENT, "%s \"%.200s\": not found in PATH%s",
			    what, name, advice);
	else
		config_fail(e, CONFIG_STATUS_ENVIRONMENT, "%s \"%.200s\": %s%s", what, name,
			    err == EACCES ? "not executable" : strerror(err), advice);
	return -err;
}

static int check_target(const struct config *c, struct config_error *e)
{
	int rc;

	switch (c->kind) {
	case TARGET_APP:
		rc = check_directory("--app-dir", c->app_dir, e);
		return rc ? rc
			  : check_program("--python", c->python,
					  "; name an interpreter of Python 3.9 or newer", e);
	case TARGET_COMMAND:
		return check_program("command", c->command.v[0], "", e);
	case TARGET_SITE:
		return check_directory("target", c->target, e);
	}
	return -EINVAL;
}

int config_check(const struct config *c, struct config_error *e)
{
	int rc = check_target(c, e);

	return rc ? rc : check_reload_paths(c, e);
}
