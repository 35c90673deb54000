/* The arguments of an admin request: checked against a specification, then read. */
#include "daemon/master/admin_call.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool is_path(const json_t *value)
{
	const char *s = json_string_value(value);

	return s && s[0] == '/' && strlen(s) == json_string_length(value) && strlen(s) < PATH_MAX;
}

static bool is_path_array(const json_t *value)
{
	size_t i;
	json_t *element;

	json_array_foreach(value, i, element) if (!is_path(element)) return false;
	return json_array_size(value) > 0;
}

/* Whether `word` is one of "a|b|c". */
static bool is_word(const json_t *value, const char *words)
{
	const char *word = json_string_value(value);
	size_t len = word ? strlen(word) : 0;

	if (!word || strchr(word, '|'))
		return false;
	for (const char *p = words; *p; p += *p == '|') {
		size_t n = strcspn(p, "|");

		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static bool fits(const struct arg_spec *spec, const json_t *value)
{
	switch (spec->kind) {
	case ARG_NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case ARG_BOOL:
		return json_is_boolean(value);
	case ARG_WORD:
		return is_word(value, spec->words);
	case ARG_PATH:
		return is_path(value);
	case ARG_PATHS:
		return is_path_array(value);
	}
	return false;
}

static const char *wanted(const struct arg_spec *spec)
{
	switch (spec->kind) {
	case ARG_NUMBER:
		return "a whole number that is not negative";
	case ARG_BOOL:
		return "true or false";
	case ARG_WORD:
		return spec->words;
	case ARG_PATH:
		return "an absolute path";
	case ARG_PATHS:
		return "an array of absolute paths";
	}
	return "?";
}

static void refuse_value(const struct admin_call *c, const struct arg_spec *spec,
			 const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	answer_error(c->m, c->from, ADMIN_ERR_BAD_REQUEST,
		     "argument \"%s\" of \"%s\" is %.80s; it must be %s", spec->name, c->op,
		     text ? text : "missing", wanted(spec));
	free(text);
}

static const struct arg_spec *find_spec(const struct op *op, const char *name)
{
	for (size_t i = 0; i < OP_ARGS_MAX && op->args[i].name; i++)
		if (strcmp(op->args[i].name, name) == 0)
			return &op->args[i];
	return NULL;
}

/* A name that is not known is more likely a mistake than something to be ignored. */
static void refuse_name(const struct admin_call *c, const struct op *op, const char *name)
{
	char names[128] = "no arguments";
	size_t len = 0;

	for (size_t i = 0; i < OP_ARGS_MAX && op->args[i].name; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s\"%s\"", i ? ", " : "",
					op->args[i].name);
	answer_error(c->m, c->from, ADMIN_ERR_BAD_REQUEST,
		     "argument \"%.80s\" is not known to \"%s\", which takes %s", name, c->op,
		     names);
}

bool call_check(const struct admin_call *c, const struct op *op)
{
	const char *name;
	json_t *value;

	json_object_foreach(c->args, name, value)
	{
		const struct arg_spec *spec = find_spec(op, name);

		if (!spec) {
			refuse_name(c, op, name);
			return false;
		}
		if (!json_is_null(value) && !fits(spec, value)) {
			refuse_value(c, spec, value);
			return false;
		}
	}
	for (size_t i = 0; i < OP_ARGS_MAX && op->args[i].name; i++) {
		if (op->args[i].required && !call_has(c, op->args[i].name)) {
			refuse_value(c, &op->args[i], NULL);
			return false;
		}
	}
	return true;
}

bool call_has(const struct admin_call *c, const char *name)
{
	const json_t *value = json_object_get(c->args, name);

	return value && !json_is_null(value);
}

uint64_t call_number(const struct admin_call *c, const char *name, uint64_t otherwise)
{
	if (!call_has(c, name))
		return otherwise;
	return (uint64_t)json_integer_value(json_object_get(c->args, name));
}

bool call_bool(const struct admin_call *c, const char *name)
{
	return json_is_true(json_object_get(c->args, name));
}

const char *call_word(const struct admin_call *c, const char *name, const char *otherwise)
{
	return call_has(c, name) ? json_string_value(json_object_get(c->args, name)) : otherwise;
}

const char *call_path(const struct admin_call *c, const char *name, size_t i)
{
	return json_string_value(json_array_get(json_object_get(c->args, name), i));
}
