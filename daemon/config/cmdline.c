/* The command line, taken apart but not yet applied. */
#include "daemon/config/cmdline.h"

#include "daemon/config/fail.h"
#include "daemon/config/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_BASE 256 /* getopt_long's values: beyond any letter; two for each row of the table */
#define NAME_SIZE 32

/* The option table as getopt_long(3) wants it. */
struct getopt_tables {
	char letters[3 + 2 * OPTIONS_MAX];
	struct option longs[2 * OPTIONS_MAX + 1];
	char negated[OPTIONS_MAX][NAME_SIZE]; /* "no-x", for longs */
};

/* How far getopt has come, and what it works on. */
struct scan {
	struct cmdline line;
	struct getopt_tables tables;
	int argc;
	char *const *argv;
	struct config_error *e;
};

static int getopt_argument(const struct option_def *o)
{
	switch (o->kind) {
	case OPTION_VALUE:
		return required_argument;
	case OPTION_OPTIONAL:
		return optional_argument;
	case OPTION_SWITCH:
	case OPTION_ACTION:
	case OPTION_KEY:
		break;
	}
	return no_argument;
}

static void tables_fill(struct getopt_tables *t)
{
	size_t count, n = 0;
	const struct option_def *o = option_table(&count);
	char *letter = t->letters;

	/* '-': operands are returned where they stand; ':': a missing value has a return value of its own. */
	*letter++ = '-';
	*letter++ = ':';
	for (size_t i = 0; i < count; i++, o++) {
		int val = LONG_BASE + 2 * (int)i;

		if (!option_on_line(o))
			continue;
		t->longs[n++] = (struct option){o->name, getopt_argument(o), NULL, val};
		if (o->kind == OPTION_SWITCH) {
			snprintf(t->negated[i], NAME_SIZE, "no-%s", o->name);
			t->longs[n++] = (struct option){t->negated[i], no_argument, NULL, val + 1};
		}
		if (o->letter) {
			*letter++ = o->letter;
			if (o->kind == OPTION_VALUE)
				*letter++ = ':';
		}
	}
	*letter = '\0';
	t->longs[n] = (struct option){0};
}

static const struct option_def *def_of(int val, bool *negated)
{
	size_t count;
	const struct option_def *o = option_table(&count);

	*negated = false;
	if (val >= LONG_BASE) {
		*negated = (val - LONG_BASE) % 2;
		return &o[(val - LONG_BASE) / 2];
	}
	for (size_t i = 0; i < count; i++)
		if (o[i].letter && o[i].letter == val)
			return &o[i];
	return NULL;
}

/* What people type who come from other servers. */
static const char *foreign_option(const char *name)
{
	static const struct {
		const char *name;
		const char *ours;
	} foreign[] = {
		{"host", "--bind HOST:PORT"},
		{"port", "--bind 127.0.0.1:PORT"},
		{"uds", "--bind unix:PATH"},
		{"fd", "--bind fd://N"},
		{"reload-dir", "--reload-path"},
		{"reload-extra-file", "--reload-path"},
		{"limit-max-requests", "--max-requests"},
		{"timeout-graceful-shutdown", "--drain-timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (strcmp(foreign[i].name, name) == 0)
			return foreign[i].ours;
	return NULL;
}

/* `arg` is "--name", "--name=value", "-x", or "-name", whose writer meant a long one. */
static int fail_unknown(struct scan *s, const char *arg)
{
	const char *bare = arg + strspn(arg, "-");
	char name[NAME_SIZE * 2];
	const char *ours;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(bare, "="), bare);
	ours = foreign_option(name);
	if (ours)
		return config_fail(s->e, CONFIG_STATUS_USAGE,
				   "unknown option \"%.80s\"; here it is %s", arg, ours);
	ours = option_nearest(name, false);
	if (ours)
		return config_fail(s->e, CONFIG_STATUS_USAGE,
				   "unknown option \"%.80s\"; did you mean --%s?", arg, ours);
	return config_fail(s->e, CONFIG_STATUS_USAGE,
			   "unknown option \"%.80s\"; see blackbulld --help", arg);
}

/* getopt_long said '?': unknown, ambiguous, or a value where none belongs. */
static int fail_option(struct scan *s, int before)
{
	const char *arg = s->argv[optind > before ? optind - 1 : before];
	bool negated;
	const struct option_def *o = optopt >= LONG_BASE ? def_of(optopt, &negated) : NULL;

	if (!o)
		return fail_unknown(s, arg);
	return config_fail(s->e, CONFIG_STATUS_USAGE,
			   "option \"%.80s\" takes no value: write --%s%s", arg,
			   negated ? "no-" : "", o->name);
}

static int fail_missing(struct scan *s)
{
	bool negated;
	const struct option_def *o = def_of(optopt, &negated);

	return config_fail(s->e, CONFIG_STATUS_USAGE, "option --%s needs a value: --%s %s", o->name,
			   o->name, o->arg);
}

static int take_operand(struct scan *s, const char *arg)
{
	if (s->line.target)
		return config_fail(
			s->e, CONFIG_STATUS_USAGE,
			"unexpected argument \"%.80s\" after the target \"%.80s\"; to run a "
			"command, put \"--\" before it",
			arg, s->line.target);
	if (arg[0] == '\0')
		return config_fail(s->e, CONFIG_STATUS_USAGE, "the target is empty");
	s->line.target = arg;
	return 0;
}

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static void take_option(struct scan *s, int val)
{
	bool negated;
	const struct option_def *o = def_of(val, &negated);
	const char *value = optarg;

	/* getopt wants "--reload-poll=250"; a number alone can be nothing else. */
	if (o->kind == OPTION_OPTIONAL && !value && s->argv[optind] && all_digits(s->argv[optind]))
		value = s->argv[optind++];
	if (o->kind == OPTION_ACTION)
		s->line.action = o->action;
	else
		s->line.options[s->line.count++] = (struct cmdline_option){o, value, negated};
}

/* After the last option: was there a "--", and what follows it? */
static int take_command(struct scan *s, int before)
{
	if (optind == before) /* nothing was consumed, so no "--" */
		return 0;
	if (optind >= s->argc)
		return config_fail(
			s->e, CONFIG_STATUS_USAGE,
			"no command after \"--\"; write blackbulld [OPTION...] -- COMMAND");
	if (s->line.target)
		return config_fail(s->e, CONFIG_STATUS_USAGE,
				   "both the target \"%.80s\" and the command \"%.80s\" are given; "
				   "leave out one of them",
				   s->line.target, s->argv[optind]);
	s->line.command = &s->argv[optind];
	return 0;
}

static bool asks_for_text(const struct cmdline *l)
{
	return l->action == CONFIG_HELP || l->action == CONFIG_VERSION;
}

/* One step of getopt_long. Returns 1 to go on, 0 at the end, -EINVAL. */
static int scan_step(struct scan *s)
{
	int before = optind ? optind : 1;
	int val = getopt_long(s->argc, s->argv, s->tables.letters, s->tables.longs, NULL);

	if (val == -1)
		return take_command(s, before);
	if (val == '?')
		return fail_option(s, before);
	if (val == ':')
		return fail_missing(s);
	if (val == 1)
		return take_operand(s, optarg) < 0 ? -EINVAL : 1;
	take_option(s, val);
	return asks_for_text(&s->line) ? 0 : 1;
}

int cmdline_parse(struct cmdline *l, int argc, char *const argv[], struct config_error *e)
{
	struct scan s = {.argc = argc, .argv = argv, .e = e};
	int rc;

	s.line.options = calloc((size_t)argc + 1, sizeof(*s.line.options));
	if (!s.line.options) {
		return config_no_memory(e);
	}
	tables_fill(&s.tables);
	optind = 0; /* GNU: begin anew, whatever was parsed before in this process */
	opterr = 0;
	do
		rc = scan_step(&s);
	while (rc > 0);
	if (rc == 0)
		*l = s.line;
	else
		cmdline_finish(&s.line);
	return rc;
}

void cmdline_finish(struct cmdline *l)
{
	free(l->options);
	*l = (struct cmdline){0};
}
