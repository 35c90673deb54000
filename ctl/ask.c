/* Questions to the daemon and what they come to: the envelope of the admin protocol. */
#include "common/str.h"
#include "common/version.h"
#include "ctl/ctl.h"
#include "ctl/member.h"
#include "ctl/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO_MS 1000 /* to find out with whom we do not get along */

void answer_finish(struct answer *a)
{
	json_decref(a->result);
	free(a->code);
	free(a->message);
	*a = (struct answer){0};
}

static enum ctl_exit fail(struct answer *a, enum ctl_exit status, const char *code, const char *fmt,
			  ...) BB_PRINTF(4, 5);

static enum ctl_exit fail(struct answer *a, enum ctl_exit status, const char *code, const char *fmt,
			  ...)
{
	char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	a->status = status;
	a->code = strdup(code);
	a->message = message;
	return status;
}

/* Why there is no reply. */
static enum ctl_exit fail_errno(const struct ctl *c, struct answer *a, int err)
{
	const char *socket = c->target.socket;

	switch (-err) {
	case ETIMEDOUT:
		return fail(a, CTL_TIMEOUT, "timeout", "no answer in time from \"%s\"", socket);
	case ECONNREFUSED:
		if (c->target.dir && json_object_get(c->target.info, "pid"))
			return fail(
				a, CTL_NOT_RUNNING, "not_running",
				"nobody answers at \"%s\" any more (pid was %" JSON_INTEGER_FORMAT
				")",
				socket, json_integer_value(json_object_get(c->target.info, "pid")));
		return fail(a, CTL_NOT_RUNNING, "not_running", "no blackbulld is running at \"%s\"",
			    socket);
	case EACCES:
		return fail(a, CTL_NOT_PERMITTED, "not_permitted",
			    "\"%s\" belongs to somebody else: permission denied", socket);
	case ENAMETOOLONG:
		return fail(a, CTL_USAGE, "usage",
			    "socket \"%s\": longer than the 107 bytes of a socket's path", socket);
	case EMSGSIZE:
		return fail(a, CTL_USAGE, "usage", "the request is longer than %d bytes",
			    ADMIN_MESSAGE_MAX);
	default:
		return fail(a, CTL_FAILED, "failed", "asking at \"%s\": %s", socket,
			    strerror(-err));
	}
}

static char *encode(const char *op, const char *id, json_t *args)
{
	char random[CTL_ID_LEN];

	if (!id) {
		ctl_make_id(random);
		id = random;
	}

	json_t *request = json_pack("{s:i, s:s, s:s, s:o}", "v", ADMIN_VERSION, "op", op, "id", id,
				    "args", args ? args : json_object());
	char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;

	json_decref(request);
	return body;
}

static enum ctl_exit fail_reply(struct answer *a, const json_t *reply)
{
	const json_t *error = json_object_get(reply, "error");
	const char *code = member_string(error, "code", "failed");

	return fail(a, admin_error_exit(code), code, "%s",
		    member_string(error, "message", "refused without a reason"));
}

/* Takes `reply`, which may be anything. */
static enum ctl_exit decode(struct answer *a, json_t *reply)
{
	enum ctl_exit status = CTL_OK;

	if (json_integer_value(json_object_get(reply, "v")) != ADMIN_VERSION)
		status = fail(a, CTL_VERSION, "version", "the daemon's answer is not understood");
	else if (!json_is_true(json_object_get(reply, "ok")))
		status = fail_reply(a, reply);
	a->result = json_incref(json_object_get(reply, "result"));
	if (status == CTL_OK && !json_is_object(a->result))
		status = fail(a, CTL_VERSION, "version", "the daemon's answer has no result");
	json_decref(reply);
	return status;
}

static int connect_once(struct ctl *c)
{
	struct client_place at = ctl_place(c, c->target.socket);

	return c->client ? 0 : client_open(&c->client, &at);
}

static enum ctl_exit exchange(struct ctl *c, const char *body, struct mono deadline,
			      struct answer *a)
{
	char *text = NULL;
	int err = connect_once(c);

	if (!err)
		err = client_request(c->client, body, strlen(body), deadline, &text);
	if (err)
		return fail_errno(c, a, err);

	enum ctl_exit status = decode(a, json_loads(text, 0, NULL));

	free(text);
	return status;
}

/* Both versions, and where the daemon's program is: what one needs to know to make them match. */
static void explain_version(struct ctl *c, struct answer *a)
{
	struct answer hello = {0};
	char *body = encode("hello", NULL, NULL);

	if (body && exchange(c, body, mono_add_ms(mono_now(), HELLO_MS), &hello) == CTL_OK) {
		char *message = str_printf(
			"%s (blackbullctl %s, blackbulld %s, /proc/%" JSON_INTEGER_FORMAT "/exe)",
			a->message, BB_VERSION, member_string(hello.result, "version", "?"),
			json_integer_value(json_object_get(hello.result, "pid")));

		free(a->message);
		a->message = message;
	}
	answer_finish(&hello);
	free(body);
}

enum ctl_exit ctl_ask(struct ctl *c, const char *op, const char *id, json_t *args, struct answer *a)
{
	char *body = encode(op, id, args);

	*a = (struct answer){0};
	if (!body)
		return fail(a, CTL_USAGE, "usage", "the arguments are not UTF-8");

	enum ctl_exit status = exchange(c, body, c->deadline, a);

	free(body);
	if (status == CTL_VERSION)
		explain_version(c, a);
	return status;
}

enum ctl_exit ctl_call(struct ctl *c, const char *op, json_t *args, json_t **result)
{
	struct answer a;

	if (ctl_ask(c, op, NULL, args, &a) == CTL_OK) {
		*result = json_incref(a.result);
		answer_finish(&a);
		return CTL_OK;
	}

	enum ctl_exit status = ctl_report(c, &a);

	answer_finish(&a);
	return status;
}

enum ctl_exit ctl_report_errno(const struct ctl *c, int err)
{
	struct answer a = {0};
	enum ctl_exit status = fail_errno(c, &a, err);

	ctl_report(c, &a);
	answer_finish(&a);
	return status;
}
