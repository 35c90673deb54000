/* JSON in its published form, failures, and how text is to look. */
#include "ctl/output.h"

#include "ctl/ctl.h"
#include "ctl/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SCHEMA	      1
#define DEFAULT_WIDTH 80
#define PRECISION     JSON_REAL_PRECISION(15) /* "1.18" stays "1.18" */

/* Compact for programs, indented for people. */
static void print_json(const json_t *object)
{
	size_t flags = isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT;

	json_dumpf(object, stdout, flags | PRECISION);
	putchar('\n');
}

void output_json(json_t *members)
{
	json_t *object = json_pack("{s:i}", "schema", SCHEMA);

	json_object_update(object, members);
	print_json(object);
	json_decref(object);
	json_decref(members);
}

void output_json_line(const json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT | PRECISION);
	putchar('\n');
	fflush(stdout);
}

static json_t *error_object(const char *code, const char *message)
{
	/* A message may quote what a user typed, which need not be UTF-8. */
	json_t *text = json_string(message);

	return json_pack("{s:s, s:o}", "code", code, "message",
			 text ? text : json_string("(not UTF-8)"));
}

enum ctl_exit output_error(const struct ctl *c, enum ctl_exit status, const char *code,
			   const char *fmt, ...)
{
	char message[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (c->json)
		output_json(json_pack("{s:o}", "error", error_object(code, message)));
	else
		fprintf(stderr, "blackbullctl: %s\n", message);
	return status;
}

static void report_json(const struct answer *a, const json_t *generation)
{
	json_t *members = json_pack("{s:o}", "error",
				    error_object(a->code ? a->code : "failed",
						 a->message ? a->message : "out of memory"));

	if (generation)
		json_object_set(members, "generation", (json_t *)generation);
	output_json(members);
}

enum ctl_exit ctl_report(const struct ctl *c, const struct answer *a)
{
	const json_t *generation = json_object_get(a->result, "generation");
	struct style style = output_style(c);

	if (!json_is_object(generation))
		generation = NULL;
	if (c->json) {
		report_json(a, generation);
		return a->status;
	}
	fprintf(stderr, "blackbullctl: ");
	if (generation && a->status == CTL_FAILED)
		text_verdict(stderr, &style, generation);
	else
		text_put(stderr, a->message ? a->message : "out of memory");
	fputc('\n', stderr);
	if (generation && a->status == CTL_FAILED)
		text_failure_detail(stderr, generation);
	return a->status;
}

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

struct style output_style(const struct ctl *c)
{
	return (struct style){
		.color = c->color,
		.width = terminal_width(),
		.cwd = c->cwd,
		.now = wall_now(),
	};
}
