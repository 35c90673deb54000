/* A configuration while it is being put together. */
#include "daemon/config/settings.h"

#include "common/parse.h"
#include "daemon/config/fail.h"

#include <errno.h>
#include <string.h>

int settings_init(struct settings *s, struct config_error *e)
{
	size_t count;
	const struct option_def *o = option_table(&count);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (o[i].preset)
			rc = settings_set(s, &o[i], SOURCE_PRESET, o[i].name, o[i].preset, false,
					  e);
	return rc;
}

void settings_finish(struct settings *s)
{
	config_finish(&s->config);
}

/* "no-x = yes" means "x = no". */
static const char *switch_value(const char *value, bool negated)
{
	bool on = true;

	if (value && parse_bool(value, &on) < 0)
		return value; /* apply_switch() complains */
	return on != negated ? "yes" : "no";
}

/* One application, and one way of giving it, from one source. */
static bool contradicts(const struct settings *s, const struct option_def *o,
			enum setting_source from)
{
	size_t count;
	const struct option_def *other = option_table(&count);

	if (o->kind != OPTION_KEY)
		return false;
	for (size_t i = 0; i < count; i++)
		if (other[i].kind == OPTION_KEY && &other[i] != o && s->given[i].source == from)
			return true;
	return false;
}

int settings_set(struct settings *s, const struct option_def *o, enum setting_source from,
		 const char *where, const char *value, bool negated, struct config_error *e)
{
	size_t i = option_index(o);
	struct config_error why;
	int rc;

	if (o->kind == OPTION_SWITCH)
		value = switch_value(value, negated);
	if (value && value[0] == '\0')
		return config_fail(e, CONFIG_STATUS_USAGE, "%s: the value is empty", where);
	if (contradicts(s, o, from))
		return config_fail(e, CONFIG_STATUS_USAGE,
				   "%s: target and command are both given; leave out one of them",
				   where);
	if (o->separator && s->given[i].source < from)
		strv_finish((struct strv *)(void *)((char *)&s->config + o->offset));
	rc = o->apply(&s->config, o, value, &why);
	if (rc == -ENOMEM)
		config_no_memory(e);
	else if (rc < 0)
		config_fail_value(e, where, value, &why);
	else
		s->given[i].source = from;
	return rc;
}
