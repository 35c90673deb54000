/* What runs: a TARGET that was named taken for what it is, or one found. */
#include "daemon/config/target.h"

#include "common/path.h"
#include "common/str.h"
#include "daemon/config/config.h"
#include "daemon/config/discover.h"
#include "daemon/config/fail.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes above ASCII are Python's to judge. */
static bool is_dotted_name(const char *s, size_t len)
{
	bool first = true;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '.' ? first
			     : !(isalpha(c) || c == '_' || c >= 0x80 || (isdigit(c) && !first)))
			return false;
		first = c == '.';
	}
	return len > 0 && !first;
}

/* "app", "web.app", "create_app()" */
static bool is_attribute(const char *s)
{
	size_t len = strlen(s);

	return is_dotted_name(s, str_ends(s, "()") ? len - 2 : len);
}

bool target_is_app(const char *target)
{
	const char *colon = strchr(target, ':');

	return colon && is_dotted_name(target, (size_t)(colon - target)) && is_attribute(colon + 1);
}

/* "src/main.py" was given. */
static int fail_source_file(const char *file, struct config_error *e)
{
	const char *base = path_basename(file), *attribute = NULL;
	int stem = (int)(strlen(base) - strlen(".py")), dir = (int)(base - file);

	if (discover_attribute(file, &attribute) < 0)
		return config_fail(
			e, CONFIG_STATUS_ENVIRONMENT,
			"target \"%.160s\": no such file, and a target is module:attribute, "
			"as in \"%.*s:app\"",
			file, stem, base);
	if (dir > 0)
		return config_fail(
			e, CONFIG_STATUS_USAGE,
			"target \"%.160s\" is a file; did you mean %.*s:%s --app-dir %.*s?", file,
			stem, base, attribute ? attribute : "app", dir, file);
	return config_fail(e, CONFIG_STATUS_USAGE,
			   "target \"%.160s\" is a file; did you mean %.*s:%s?", file, stem, base,
			   attribute ? attribute : "app");
}

/* "src/main:app", "main:", "main:app(1)", "a b:c". */
static int fail_app(const char *target, const char *colon, struct config_error *e)
{
	int module = (int)(colon - target);
	int dir = (int)(path_basename(target) - target);

	if (colon[1] == '\0')
		return config_fail(e, CONFIG_STATUS_USAGE,
				   "target \"%.160s\" has no attribute; did you mean %.160sapp?",
				   target, target);
	if (dir > 0 && dir < module)
		return config_fail(
			e, CONFIG_STATUS_USAGE,
			"target \"%.160s\" holds a path; did you mean %.160s --app-dir %.*s?",
			target, target + dir, dir, target);
	if (!is_dotted_name(target, (size_t)module))
		return config_fail(e, CONFIG_STATUS_USAGE,
				   "target \"%.160s\": \"%.*s\" is no module's name; write "
				   "module:attribute",
				   target, module, target);
	return config_fail(e, CONFIG_STATUS_USAGE,
			   "target \"%.160s\": \"%.160s\" is no attribute's name; write "
			   "module:attribute",
			   target, colon + 1);
}

/* It exists as a file, or not at all. */
static int fail_target(const char *target, bool exists, struct config_error *e)
{
	const char *colon = strchr(target, ':');

	if (str_ends(target, ".py"))
		return fail_source_file(target, e);
	if (exists)
		return config_fail(e, CONFIG_STATUS_USAGE,
				   "target \"%.160s\" is a file; name a directory to serve, or an "
				   "application as module:attribute",
				   target);
	if (colon)
		return fail_app(target, colon, e);
	if (strchr(target, '/'))
		return config_fail(e, CONFIG_STATUS_ENVIRONMENT,
				   "target \"%.160s\": no such directory", target);
	if (is_dotted_name(target, strlen(target)))
		return config_fail(
			e, CONFIG_STATUS_USAGE,
			"target \"%.160s\" is neither module:attribute nor a directory; did "
			"you mean %.160s:app?",
			target, target);
	return config_fail(e, CONFIG_STATUS_USAGE,
			   "target \"%.160s\" is neither module:attribute nor a directory", target);
}

static int set_site(struct config *c, const char *dir, struct config_error *e)
{
	char path[PATH_MAX];
	char *target;

	if (path_normalize(path, sizeof(path), c->directory, dir) < 0)
		return config_fail(e, CONFIG_STATUS_USAGE, "target: the path is too long");
	target = strdup(path);
	if (!target)
		return config_no_memory(e);
	free(c->target);
	c->target = target;
	c->kind = TARGET_SITE;
	return 0;
}

static int resolve_named(struct config *c, const struct config_kept *kept, struct config_error *e)
{
	bool was_site = kept && kept->kind == TARGET_SITE && !kept->found;
	struct stat st;
	bool exists;

	if (target_is_app(c->target)) {
		c->kind = TARGET_APP;
		return 0;
	}
	exists = stat(c->target, &st) == 0;
	if (exists ? S_ISDIR(st.st_mode) : was_site && errno == ENOENT)
		return set_site(c, c->target, e);
	return fail_target(c->target, exists, e);
}

static int resolve_found(struct config *c, struct config_error *e)
{
	struct discovery d;
	int rc = discover_app(c->directory, c->app_dir, &d, e);

	if (rc < 0)
		return rc;
	c->target_found = true;
	if (!d.target && c->app_dir) {
		free(d.origin);
		return config_fail(
			e, CONFIG_STATUS_ENVIRONMENT,
			"--app-dir \"%.300s\": no application found there; name it, as in "
			"\"main:app\"",
			c->app_dir);
	}
	if (!d.target) {
		c->target_origin = d.origin ? d.origin : strdup("there is no application here");
		return c->target_origin ? set_site(c, c->directory, e) : config_no_memory(e);
	}
	c->kind = TARGET_APP;
	c->target = d.target;
	c->target_origin = d.origin;
	free(c->app_dir);
	c->app_dir = d.app_dir;
	return 0;
}

/* What was found when the daemon started is served until it ends. */
static int resolve_kept(struct config *c, const struct config_kept *kept, struct config_error *e)
{
	c->kind = kept->kind;
	c->target_found = true;
	c->target = strdup(kept->target);
	free(c->app_dir);
	c->app_dir = kept->app_dir ? strdup(kept->app_dir) : NULL;
	return c->target ? 0 : config_no_memory(e);
}

int target_resolve(struct config *c, bool from_file, const struct config_kept *kept,
		   struct config_error *e)
{
	int rc;

	if (from_file) {
		c->target_origin = strdup("named in the configuration file");
		if (!c->target_origin)
			return config_no_memory(e);
	}
	if (c->command.len > 0) {
		c->kind = TARGET_COMMAND;
		rc = 0;
	} else if (c->target) {
		rc = resolve_named(c, kept, e);
	} else if (kept && kept->found && kept->target) {
		rc = resolve_kept(c, kept, e);
	} else {
		rc = resolve_found(c, e);
	}
	if (rc == 0 && !c->app_dir && !(c->app_dir = strdup(c->directory)))
		rc = config_no_memory(e);
	return rc;
}
