/* Settings from the environment. */
#include "daemon/config/settings.h"

#include "common/str.h"
#include "daemon/config/fail.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX	  "BLACKBULLD_"
#define NAME_SIZE 64

/* "BLACKBULLD_RELOAD_PATH=" to "reload-path". False: not spelled like any option. */
static bool option_name(const char *variable, char name[NAME_SIZE])
{
	size_t n = 0;

	for (const char *p = variable + strlen(PREFIX); *p != '='; p++) {
		if (*p == '\0' || islower((unsigned char)*p) || n + 1 >= NAME_SIZE)
			return false;
		name[n++] = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	}
	name[n] = '\0';
	return true;
}

/* Every part of "a:b" by itself. */
static int set_list(struct settings *s, const struct option_def *o, const char *where,
		    const char *value, struct config_error *e)
{
	char *copy = strdup(value), *rest = copy;
	int rc = copy ? 0 : config_no_memory(e);

	for (char *part; rc == 0 && rest;) {
		part = rest;
		rest = strchr(part, o->separator);
		if (rest)
			*rest++ = '\0';
		rc = settings_set(s, o, SOURCE_ENVIRONMENT, where, part, false, e);
	}
	free(copy);
	return rc;
}

static int set_variable(struct settings *s, const char *variable, struct config_error *e)
{
	const char *value = strchr(variable, '=') + 1;
	char name[NAME_SIZE], *where;
	const struct option_def *o;
	bool negated;
	int rc;

	/* An empty variable is as good as none: compose files cannot unset one. */
	if (!option_name(variable, name) || *value == '\0')
		return 0;
	o = option_find(name, &negated);
	if (!o || !option_in_file(o))
		return 0;
	where = strndup(variable, (size_t)(value - variable) - 1);
	if (!where)
		return config_no_memory(e);
	if (o->separator)
		rc = set_list(s, o, where, value, e);
	else
		rc = settings_set(s, o, SOURCE_ENVIRONMENT, where, value, negated, e);
	free(where);
	return rc;
}

int settings_read_environment(struct settings *s, char *const env[], struct config_error *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && env[i]; i++)
		if (str_starts(env[i], PREFIX) && strchr(env[i], '='))
			rc = set_variable(s, env[i], e);
	return rc;
}
