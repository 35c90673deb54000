/* The sources in their order, and what follows from all of them together. */
#include "daemon/config/config.h"

#include "common/fd.h"
#include "common/path.h"
#include "daemon/config/cmdline.h"
#include "daemon/config/fail.h"
#include "daemon/config/settings.h"
#include "daemon/config/target.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "blackbulld.conf"
#define FILE_MAX     (1024 * 1024)
#define SOCKET_MAX   100 /* sun_path, less what the events' socket adds to the name */

/* --config beats BLACKBULLD_CONFIG; neither: the default, which need not exist. */
static const char *config_file(const struct cmdline *l, bool *named)
{
	const char *file = getenv("BLACKBULLD_CONFIG");

	if (file && file[0] == '\0')
		file = NULL;
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->options[i].def->name, "config") == 0)
			file = l->options[i].value;
	*named = file;
	return file ? file : DEFAULT_FILE;
}

static int read_file(struct settings *s, const struct cmdline *l, const struct config_kept *kept,
		     struct config_error *e)
{
	bool named;
	const char *file = config_file(l, &named);
	char *text;
	size_t len;
	int rc = fd_read_file(file, FILE_MAX, &text, &len);

	if (rc == -ENOENT && !named && !(kept && kept->file_text))
		return 0; /* s->config.file_text stays NULL */
	if (rc == -ENOENT && !named) {
		config_fail(e, CONFIG_STATUS_ENVIRONMENT,
			    "configuration file \"%.200s\" is there no longer; leave an empty one "
			    "if that is meant",
			    file);
		return rc;
	}
	if (rc < 0) {
		config_fail(e, CONFIG_STATUS_ENVIRONMENT, "configuration file \"%.200s\": %s", file,
			    strerror(-rc));
		return rc;
	}
	s->config.file_text = text;
	return settings_read_file(s, file, text, len, e);
}

/* The text that was good for the image before, in place of a file that is not. */
static int read_kept(struct settings *s, const struct cmdline *l, const char *text,
		     struct config_error *e)
{
	bool named;

	if (!text)
		return 0;
	s->config.file_text = strdup(text);
	if (!s->config.file_text)
		return config_no_memory(e);
	return settings_read_file(s, config_file(l, &named), text, strlen(text), e);
}

/* TARGET, or what follows "--": either ends what weaker sources said about both. */
static int set_operands(struct settings *s, const struct cmdline *l, struct config_error *e)
{
	struct config *c = &s->config;
	int rc = 0;

	if (!l->target && !l->command)
		return 0;
	strv_finish(&c->command);
	free(c->target);
	c->target = l->target ? strdup(l->target) : NULL;
	if (l->target && !c->target)
		rc = -ENOMEM;
	for (char *const *word = l->command; rc == 0 && word && *word; word++)
		rc = strv_add(&c->command, *word);
	return rc < 0 ? config_no_memory(e) : 0;
}

static int read_line(struct settings *s, const struct cmdline *l, struct config_error *e)
{
	char where[64];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->count; i++) {
		const struct cmdline_option *o = &l->options[i];

		snprintf(where, sizeof(where), "--%s", o->def->name);
		if (o->def->apply)
			rc = settings_set(s, o->def, SOURCE_COMMAND_LINE, where, o->value,
					  o->negated, e);
	}
	return rc ? rc : set_operands(s, l, e);
}

/* *path becomes absolute; NULL stays. */
static int make_absolute(const struct config *c, const char *option, char **path,
			 struct config_error *e)
{
	char absolute[PATH_MAX];
	char *copy;

	if (!*path)
		return 0;
	if (path_normalize(absolute, sizeof(absolute), c->directory, *path) < 0)
		return config_fail(e, CONFIG_STATUS_USAGE, "--%s: the path is too long", option);
	copy = strdup(absolute);
	if (!copy)
		return config_no_memory(e);
	free(*path);
	*path = copy;
	return 0;
}

static int find_directory(struct config *c, const struct config_kept *kept, struct config_error *e)
{
	char cwd[PATH_MAX];
	int err;

	if (getcwd(cwd, sizeof(cwd)) || (kept && kept->directory)) {
		c->directory = strdup(kept && kept->directory ? kept->directory : cwd);
		return c->directory ? 0 : config_no_memory(e);
	}
	err = -errno;
	config_fail(e, CONFIG_STATUS_ENVIRONMENT, "current directory: %s", strerror(-err));
	return err;
}

/* The CPUs that this process may use: fewer than the machine has in a container. */
static uint32_t cpu_count(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

static int resolve_binds(struct config *c, struct config_error *e)
{
	for (size_t i = 0; i < c->binds.len; i++) {
		char *path, *bind;
		int rc;

		if (!str_starts(c->binds.v[i], "unix:"))
			continue;
		path = strdup(c->binds.v[i] + strlen("unix:"));
		rc = path ? make_absolute(c, "bind", &path, e) : config_no_memory(e);
		bind = rc == 0 ? str_printf("unix:%s", path) : NULL;
		free(path);
		if (!bind)
			return rc ? rc : config_no_memory(e);
		free(c->binds.v[i]);
		c->binds.v[i] = bind;
	}
	return 0;
}

static enum setting_source source_of(const struct settings *s, const char *name)
{
	bool negated;

	return s->given[option_index(option_find(name, &negated))].source;
}

/* What a site does not serve need not be watched; the rest watch where they were started. */
static const char *default_reload_path(const struct config *c)
{
	return c->kind == TARGET_SITE ? c->target : c->directory;
}

static int resolve_reload(struct settings *s, struct config_error *e)
{
	struct config *c = &s->config;
	int rc = 0;

	if (c->reload && c->reload_paths.len == 0)
		rc = strv_add(&c->reload_paths, default_reload_path(c));
	if (rc == 0 && c->kind == TARGET_APP && source_of(s, "reload-include") == SOURCE_PRESET)
		rc = strv_add(&c->reload_include, "*.py");
	if (rc < 0)
		return config_no_memory(e);
	for (size_t i = 0; rc == 0 && i < c->reload_paths.len; i++)
		rc = make_absolute(c, "reload-path", &c->reload_paths.v[i], e);
	if (source_of(s, "handover") == SOURCE_PRESET)
		c->handover = c->reload ? HANDOVER_FRESH : HANDOVER_OVERLAP;
	return rc;
}

static int resolve_admin(struct config *c, struct config_error *e)
{
	int rc;

	if (!c->admin || strcmp(c->admin, "off") == 0)
		return 0;
	rc = make_absolute(c, "admin", &c->admin, e);
	if (rc == 0 && strlen(c->admin) > SOCKET_MAX)
		rc = config_fail(
			e, CONFIG_STATUS_USAGE,
			"--admin \"%.160s\": a socket's path may have %d bytes, this has %zu",
			c->admin, SOCKET_MAX, strlen(c->admin));
	return rc;
}

/* Whether the file named what runs, and nothing stronger did. */
static bool named_by_file(const struct settings *s, const struct cmdline *l)
{
	enum setting_source target = source_of(s, "target"), command = source_of(s, "command");

	return !l->target && !l->command && (target > command ? target : command) == SOURCE_FILE;
}

static int resolve(struct settings *s, const struct cmdline *l, const struct config_kept *kept,
		   struct config_error *e)
{
	struct config *c = &s->config;
	int rc = find_directory(c, kept, e);

	if (c->workers == 0)
		c->workers = cpu_count();
	if (rc == 0)
		rc = make_absolute(c, "app-dir", &c->app_dir, e);
	if (rc == 0)
		rc = target_resolve(c, named_by_file(s, l), kept, e);
	if (rc == 0)
		rc = resolve_binds(c, e);
	if (rc == 0)
		rc = resolve_reload(s, e);
	if (rc == 0)
		rc = resolve_admin(c, e);
	return rc;
}

/* Where the configuration file's text comes from. */
enum text_from { TEXT_FROM_FILE, TEXT_FROM_KEPT };

/* Fills *c, or nothing. */
static int load(struct config *c, const struct cmdline *l, const struct config_kept *kept,
		enum text_from from, struct config_error *e)
{
	struct settings settings = {0}, *s = &settings;
	int rc = settings_init(s, e);

	if (rc == 0)
		rc = from == TEXT_FROM_FILE ? read_file(s, l, kept, e)
					    : read_kept(s, l, kept->file_text, e);
	if (rc == 0)
		rc = settings_read_environment(s, environ, e);
	if (rc == 0)
		rc = read_line(s, l, e);
	if (rc == 0)
		rc = resolve(s, l, kept, e);
	if (rc == 0)
		*c = s->config;
	else
		settings_finish(s);
	return rc;
}

int config_load(struct config *c, enum config_action *action, int argc, char *const argv[],
		struct config_error *e)
{
	struct cmdline l;
	int rc = cmdline_parse(&l, argc, argv, e);

	if (rc < 0)
		return rc;
	if (l.action == CONFIG_RUN || l.action == CONFIG_CHECK)
		rc = load(c, &l, NULL, TEXT_FROM_FILE, e);
	else
		*c = (struct config){0};
	if (rc == 0)
		*action = l.action;
	cmdline_finish(&l);
	return rc;
}

int config_load_again(struct config *c, int argc, char *const argv[],
		      const struct config_kept *kept, struct config_error *e)
{
	struct config_error worse;
	struct cmdline l;
	int rc = cmdline_parse(&l, argc, argv, e);

	if (rc < 0)
		return rc;
	rc = load(c, &l, kept, TEXT_FROM_FILE, e);
	if (rc == 0)
		e->text[0] = '\0';
	else
		rc = load(c, &l, kept, TEXT_FROM_KEPT, &worse);
	cmdline_finish(&l);
	return rc;
}
