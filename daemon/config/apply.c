/* Text to a field of struct config: the functions that the option table points to. */
#include "daemon/config/apply.h"

#include "common/parse.h"
#include "common/path.h"
#include "daemon/config/address.h"
#include "daemon/config/fail.h"
#include "daemon/config/words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define POLL_DEFAULT_MS 500
#define POLL_MIN_MS	10
#define DELAY_MAX_MS	3600000

static void *field(struct config *c, const struct option_def *o)
{
	return (char *)c + o->offset;
}

static uint64_t field_max(const struct option_def *o)
{
	if (o->max)
		return o->max;
	return o->width == sizeof(uint32_t) ? UINT32_MAX : UINT64_MAX;
}

static void store(struct config *c, const struct option_def *o, uint64_t v)
{
	uint32_t narrow = (uint32_t)v;

	if (o->width == sizeof(narrow))
		memcpy(field(c, o), &narrow, sizeof(narrow));
	else
		memcpy(field(c, o), &v, sizeof(v));
}

static int expected(struct config_error *why, const char *what)
{
	return config_fail(why, CONFIG_STATUS_USAGE, "expected %s", what);
}

static int replace(char **s, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*s);
	*s = copy;
	return 0;
}

/* Whether `value` is one of "a|b|c". */
static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (strcspn(p, "|") == len && strncmp(p, value, len) == 0)
			return true;
	}
	return false;
}

int apply_switch(struct config *c, const struct option_def *o, const char *value,
		 struct config_error *why)
{
	if (parse_bool(value, field(c, o)) < 0)
		return expected(why, "yes or no");
	return 0;
}

int apply_number(struct config *c, const struct option_def *o, const char *value,
		 struct config_error *why)
{
	uint64_t v;

	if (parse_uint(value, o->min, field_max(o), &v) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "expected a number from %" PRIu64 " to %" PRIu64, o->min,
				   field_max(o));
	store(c, o, v);
	return 0;
}

int apply_size(struct config *c, const struct option_def *o, const char *value,
	       struct config_error *why)
{
	uint64_t v;

	if (parse_size(value, &v) < 0)
		return expected(why, "a size such as 512, 64k or 100m");
	if (v > field_max(o))
		return config_fail(why, CONFIG_STATUS_USAGE, "expected at most %" PRIu64 " bytes",
				   field_max(o));
	store(c, o, v);
	return 0;
}

int apply_seconds(struct config *c, const struct option_def *o, const char *value,
		  struct config_error *why)
{
	uint64_t ms;

	if (parse_seconds(value, &ms) < 0)
		return expected(why, "seconds such as 30 or 0.5, or a time such as 500ms or 2m");
	if (ms < o->min)
		return expected(why, "more than 0 seconds");
	if (ms > field_max(o))
		return config_fail(why, CONFIG_STATUS_USAGE, "expected at most %" PRIu64 " seconds",
				   field_max(o) / 1000);
	store(c, o, ms);
	return 0;
}

int apply_string(struct config *c, const struct option_def *o, const char *value,
		 struct config_error *why BB_UNUSED)
{
	return replace(field(c, o), value);
}

int apply_choice(struct config *c, const struct option_def *o, const char *value,
		 struct config_error *why)
{
	if (!is_choice(o->arg, value))
		return config_fail(why, CONFIG_STATUS_USAGE, "expected one of %s", o->arg);
	return replace(field(c, o), value);
}

int apply_list(struct config *c, const struct option_def *o, const char *value,
	       struct config_error *why BB_UNUSED)
{
	return strv_add(field(c, o), value);
}

int apply_bind(struct config *c, const struct option_def *o BB_UNUSED, const char *value,
	       struct config_error *why)
{
	struct address a;

	if (address_parse(value, &a, why) < 0)
		return -EINVAL;
	if (strv_contains(&c->binds, value))
		return config_fail(why, CONFIG_STATUS_USAGE, "is given twice");
	return strv_add(&c->binds, value);
}

int apply_handover(struct config *c, const struct option_def *o, const char *value,
		   struct config_error *why)
{
	if (!is_choice(o->arg, value))
		return config_fail(why, CONFIG_STATUS_USAGE, "expected one of %s", o->arg);
	c->handover = strcmp(value, "fresh") == 0 ? HANDOVER_FRESH : HANDOVER_OVERLAP;
	return 0;
}

int apply_log_level(struct config *c, const struct option_def *o, const char *value,
		    struct config_error *why)
{
	if (log_level_parse(value, &c->log_level) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE, "expected one of %s", o->arg);
	return 0;
}

int apply_log_format(struct config *c, const struct option_def *o, const char *value,
		     struct config_error *why)
{
	if (log_format_parse(value, &c->log_format) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE, "expected one of %s", o->arg);
	return 0;
}

int apply_name(struct config *c, const struct option_def *o, const char *value,
	       struct config_error *why)
{
	char id[NAME_MAX + 1];

	if (path_instance_id(id, sizeof(id), value, "/", NULL) < 0)
		return expected(why,
				"up to 32 letters, digits, '.', '_', '-' and '@', not beginning "
				"with '.' or '-'");
	return apply_string(c, o, value, why);
}

/* NULL: the option stands alone. In the file it may be a switch, too. */
int apply_poll(struct config *c, const struct option_def *o, const char *value,
	       struct config_error *why)
{
	uint64_t ms;
	bool on;

	if (value && parse_uint(value, 0, DELAY_MAX_MS, &ms) == 0) {
		if (ms > 0 && ms < POLL_MIN_MS)
			return config_fail(why, CONFIG_STATUS_USAGE,
					   "expected at least %d milliseconds", POLL_MIN_MS);
		store(c, o, ms);
		return 0;
	}
	if (value && parse_bool(value, &on) < 0)
		return config_fail(why, CONFIG_STATUS_USAGE,
				   "expected milliseconds from %d to %d, or 0 for inotify",
				   POLL_MIN_MS, DELAY_MAX_MS);
	store(c, o, !value || on ? POLL_DEFAULT_MS : 0);
	return 0;
}

int apply_ready(struct config *c, const struct option_def *o, const char *value,
		struct config_error *why)
{
	uint64_t ms = 0;

	if (strncmp(value, "delay:", 6) == 0) {
		if (parse_uint(value + 6, 0, DELAY_MAX_MS, &ms) < 0)
			return expected(why, "milliseconds after delay:, as in delay:250");
		c->ready = READY_DELAY;
		c->ready_delay_ms = (uint32_t)ms;
		return 0;
	}
	if (strcmp(value, "notify") != 0 && strcmp(value, "auto") != 0)
		return config_fail(why, CONFIG_STATUS_USAGE, "expected one of %s", o->arg);
	c->ready = strcmp(value, "notify") == 0 ? READY_NOTIFY : READY_AUTO;
	return 0;
}

/* ASGI: root_path has no trailing slash, since paths are appended to it. */
int apply_root_path(struct config *c, const struct option_def *o, const char *value,
		    struct config_error *why)
{
	if (value[0] != '/' || value[strlen(value) - 1] == '/')
		return expected(why,
				"a path such as /api, with a slash in front and none at the end");
	return apply_string(c, o, value, why);
}

/* "*", an address, or a network such as 10.0.0.0/8. */
static bool is_peer(const char *item)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr a;
	size_t len = strcspn(item, "/");
	uint64_t bits;

	if (strcmp(item, "*") == 0)
		return true;
	if (len >= sizeof(host))
		return false;
	memcpy(host, item, len);
	host[len] = '\0';

	bool v6 = strchr(host, ':');

	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, &a) != 1)
		return false;
	return item[len] == '\0' || parse_uint(item + len + 1, 0, v6 ? 128 : 32, &bits) == 0;
}

/* Blanks between the items are dropped: nobody downstream need know about them. */
int apply_peers(struct config *c, const struct option_def *o, const char *value,
		struct config_error *why)
{
	char *list = strdup(value), *end = list;
	int rc = list ? 0 : -ENOMEM;

	for (const char *p = value; list && *p; p++)
		if (*p != ' ')
			*end++ = *p;
	if (list)
		*end = '\0';
	for (char *item = list, *next; rc == 0 && item; item = next) {
		next = strchr(item, ',');
		if (next)
			*next = '\0';
		if (!is_peer(item))
			rc = expected(why, "addresses or networks with commas between them, or *");
		if (next)
			*next++ = ',';
	}
	if (rc == 0)
		rc = apply_string(c, o, list, why);
	free(list);
	return rc;
}

int apply_target(struct config *c, const struct option_def *o BB_UNUSED, const char *value,
		 struct config_error *why BB_UNUSED)
{
	strv_finish(&c->command);
	return replace(&c->target, value);
}

int apply_command(struct config *c, const struct option_def *o BB_UNUSED, const char *value,
		  struct config_error *why)
{
	struct strv words = {0};
	int rc = words_split(value, &words);

	if (rc < 0) {
		strv_finish(&words);
		return rc == -EINVAL ? expected(why, "a command; a quote is left open") : rc;
	}
	strv_finish(&c->command);
	c->command = words;
	free(c->target);
	c->target = NULL;
	return 0;
}
