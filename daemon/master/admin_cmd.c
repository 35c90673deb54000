/* Admin requests: read, looked up in the one table of operations, handed to the handler. */
#include "daemon/master/admin_cmd.h"

#include "common/attr.h"
#include "common/str.h"
#include "common/version.h"
#include "daemon/master/admin_call.h"

#include <string.h>

#define ID_MAX 128 /* bytes */

/* Alphabetical. */
static const struct op ops[] = {
	{"events",
	 cmd_events,
	 {{.name = "since", .kind = ARG_NUMBER}, {.name = "max", .kind = ARG_NUMBER}}},
	{"generations", cmd_generations, {{.name = "number", .kind = ARG_NUMBER}}},
	{"hello", cmd_hello, {{0}}},
	{"logs",
	 cmd_logs,
	 {{.name = "since", .kind = ARG_NUMBER},
	  {.name = "generation", .kind = ARG_NUMBER},
	  {.name = "lines", .kind = ARG_NUMBER},
	  {.name = "wait", .kind = ARG_BOOL}}},
	{"paths.add", cmd_paths_add, {{.name = "paths", .kind = ARG_PATHS, .required = true}}},
	{"paths.list", cmd_paths_list, {{0}}},
	{"paths.remove",
	 cmd_paths_remove,
	 {{.name = "paths", .kind = ARG_PATHS, .required = true}}},
	{"pause", cmd_pause, {{0}}},
	{"reload",
	 cmd_reload,
	 {{.name = "wait", .kind = ARG_WORD, .words = "ready|accepted|drained"},
	  {.name = "if_generation", .kind = ARG_NUMBER}}},
	{"resume", cmd_resume, {{0}}},
	{"status", cmd_status, {{0}}},
	{"stop", cmd_stop, {{.name = "now", .kind = ARG_BOOL}}},
	{"sync", cmd_sync, {{0}}},
	{"wait",
	 cmd_wait,
	 {{.name = "generation", .kind = ARG_NUMBER},
	  {.name = "until", .kind = ARG_WORD, .words = "ready|idle"}}},
	{"why", cmd_why, {{.name = "path", .kind = ARG_PATH, .required = true}}},
	{"workers", cmd_workers, {{0}}},
};

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	return NULL;
}

static void refuse_op(const struct admin_call *c)
{
	const char *names[ARRAY_LEN(ops)];

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		names[i] = ops[i].name;

	const char *nearest = str_nearest(c->op, names, ARRAY_LEN(names));

	answer_error(c->m, c->from, ADMIN_ERR_UNKNOWN_OP,
		     "operation \"%.80s\" is not known to blackbulld %s%s%s%s", c->op, BB_VERSION,
		     nearest ? "; is it \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Whoever speaks another version may still say hello, and learn which ones we speak. */
static bool check_version(const struct admin_call *c, const json_t *request)
{
	const json_t *v = json_object_get(request, "v");

	if (json_integer_value(v) == ADMIN_VERSION || strcmp(c->op, "hello") == 0)
		return true;
	if (!json_is_integer(v))
		answer_error(c->m, c->from, ADMIN_ERR_BAD_REQUEST,
			     "\"v\" is missing; it must be %d, the version of the admin protocol",
			     ADMIN_VERSION);
	else
		answer_error(c->m, c->from, ADMIN_ERR_VERSION,
			     "the request speaks version %" JSON_INTEGER_FORMAT
			     " of the admin protocol, blackbulld %s version %d; use its own "
			     "blackbullctl",
			     json_integer_value(v), BB_VERSION, ADMIN_VERSION);
	return false;
}

/* The members of the request into *c. False: it was refused. */
static bool read_request(struct admin_call *c, const json_t *request)
{
	const json_t *id = json_object_get(request, "id");
	const char *problem = NULL;

	c->op = json_string_value(json_object_get(request, "op"));
	c->id = json_string_value(id);
	c->args = json_object_get(request, "args");
	if (!json_is_object(request))
		problem = "the request is not a JSON object";
	else if (!c->op)
		problem = "\"op\" is missing; it must be the name of an operation";
	else if (id && !json_is_null(id) && (!c->id || !*c->id || strlen(c->id) > ID_MAX))
		problem = "\"id\" must be a string of 1 to 128 bytes";
	else if (c->args && !json_is_null(c->args) && !json_is_object(c->args))
		problem = "\"args\" must be an object";
	if (problem)
		answer_error(c->m, c->from, ADMIN_ERR_BAD_REQUEST, "%s", problem);
	return !problem && check_version(c, request);
}

static void handle(struct admin_call *c, const json_t *request)
{
	json_t *nothing = json_object();

	if (read_request(c, request)) {
		const struct op *op = find_op(c->op);

		if (!json_is_object(c->args))
			c->args = nothing;
		if (!op)
			refuse_op(c);
		else if (call_check(c, op))
			op->run(c);
	}
	json_decref(nothing);
}

void admin_cmd_handle(void *owner, const struct admin_peer *from, const char *body, size_t len)
{
	struct admin_call c = {.m = owner, .from = from};
	json_error_t e;
	json_t *request = json_loadb(body, len, 0, &e);

	if (request)
		handle(&c, request);
	else
		answer_error(c.m, from, ADMIN_ERR_BAD_REQUEST,
			     "the request is not JSON: %s at byte %d", e.text, e.position);
	json_decref(request);
}
