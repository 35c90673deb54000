/* Options and words of a command line, checked against tables. */
#include "ctl/args.h"

#include "common/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 32

/* What is known while argv is read. */
struct parser {
	struct args *a;
	char *const *next; /* the argument to be read */
	const struct arg_option *tables[2];
	char *error;
	size_t error_size;
	bool failed;
};

/* Only the first mistake is reported. */
static void mistake(struct parser *p, const char *fmt, ...) BB_PRINTF(2, 3);

static void mistake(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	if (p->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(p->error, p->error_size, fmt, ap);
	va_end(ap);
	p->failed = true;
}

static const struct arg_option *find_name(const struct parser *p, const char *name, size_t len)
{
	for (size_t t = 0; t < ARRAY_LEN(p->tables); t++)
		for (const struct arg_option *o = p->tables[t]; o && o->name; o++)
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
				return o;
	return NULL;
}

static const struct arg_option *find_letter(const struct parser *p, char letter)
{
	for (size_t t = 0; t < ARRAY_LEN(p->tables); t++)
		for (const struct arg_option *o = p->tables[t]; o && o->name; o++)
			if (o->letter == letter)
				return o;
	return NULL;
}

static void unknown_name(struct parser *p, const char *name, size_t len)
{
	const char *candidates[CANDIDATES_MAX];
	char word[64];
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_LEN(p->tables); t++)
		for (const struct arg_option *o = p->tables[t]; o && o->name; o++)
			if (n < ARRAY_LEN(candidates))
				candidates[n++] = o->name;
	snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word)), name);

	const char *near = str_nearest(word, candidates, n);

	if (near)
		mistake(p, "unknown option \"--%s\"; did you mean \"--%s\"?", word, near);
	else
		mistake(p, "unknown option \"--%s\"", word);
}

static void give(struct parser *p, const struct arg_option *option, const char *value)
{
	p->a->given[p->a->n_given++] = (struct arg_given){option, value};
}

/* The value of an option that may be in the next argument. */
static void take_value(struct parser *p, const struct arg_option *o, const char *attached)
{
	const char *value = attached ? attached : *p->next;

	if (!value) {
		mistake(p, "option \"--%s\" needs a value: %s", o->name, o->value);
		return;
	}
	if (!attached)
		p->next++;
	give(p, o, value);
}

/* "--name", "--name=value", "--name value" */
static void parse_long(struct parser *p, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *attached = text[len] ? text + len + 1 : NULL;
	const struct arg_option *o = find_name(p, text, len);

	if (!o)
		unknown_name(p, text, len);
	else if (o->value)
		take_value(p, o, attached);
	else if (attached)
		mistake(p, "option \"--%s\" takes no value", o->name);
	else
		give(p, o, NULL);
}

/* "-j", "-jq", "-t5", "-t 5" */
static void parse_short(struct parser *p, const char *letters)
{
	for (const char *l = letters; *l; l++) {
		const struct arg_option *o = find_letter(p, *l);

		if (!o) {
			mistake(p, "unknown option \"-%c\"", *l);
			return;
		}
		if (o->value) {
			take_value(p, o, l[1] ? l + 1 : NULL);
			return;
		}
		give(p, o, NULL);
	}
}

static void take_word(struct parser *p, const char *word, args_options_fn *options)
{
	if (p->a->n_words == 0)
		p->tables[1] = options(word);
	p->a->words[p->a->n_words++] = word;
}

static void parse_all(struct parser *p, args_options_fn *options)
{
	bool only_words = false;

	while (*p->next) {
		const char *arg = *p->next++;

		if (only_words || arg[0] != '-' || arg[1] == '\0')
			take_word(p, arg, options);
		else if (strcmp(arg, "--") == 0)
			only_words = true;
		else if (arg[1] == '-')
			parse_long(p, arg + 2);
		else
			parse_short(p, arg + 1);
	}
}

/* No more options can be given than there are characters. */
static size_t count_characters(char *const argv[])
{
	size_t n = 0;

	for (; *argv; argv++)
		n += strlen(*argv) + 1;
	return n;
}

int args_parse(struct args *a, char *const argv[], const struct arg_option *global,
	       args_options_fn *options, char *error, size_t error_size)
{
	struct parser p = {
		.a = a,
		.next = argv,
		.tables = {global},
		.error = error,
		.error_size = error_size,
	};
	size_t most = count_characters(argv) + 1;

	*a = (struct args){
		.words = calloc(most, sizeof(*a->words)),
		.given = calloc(most, sizeof(*a->given)),
	};
	if (!a->words || !a->given)
		return -ENOMEM;
	parse_all(&p, options);
	return p.failed ? -EINVAL : 0;
}

void args_finish(struct args *a)
{
	free(a->words);
	free(a->given);
	*a = (struct args){0};
}

static const struct arg_given *find_given(const struct args *a, const char *name)
{
	for (size_t i = a->n_given; i > 0; i--)
		if (strcmp(a->given[i - 1].option->name, name) == 0)
			return &a->given[i - 1];
	return NULL;
}

bool args_has(const struct args *a, const char *name)
{
	return find_given(a, name) != NULL;
}

const char *args_value(const struct args *a, const char *name, const char *otherwise)
{
	const struct arg_given *given = find_given(a, name);

	return given ? given->value : otherwise;
}
