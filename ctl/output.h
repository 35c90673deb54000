/* What is printed: JSON in its published form, and text for people. Nothing here asks the daemon. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "common/admin_proto.h"
#include "common/attr.h"
#include "common/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ctl;

/* {"schema":1, …members…}; takes `members`, which is an object or NULL. */
void output_json(json_t *members);
/* For streams: one object a line, at once. */
void output_json_line(const json_t *object);

/* A failure of ctl's own. In JSON on stdout, else one line on stderr. Returns `status`. */
enum ctl_exit output_error(const struct ctl *c, enum ctl_exit status, const char *code,
			   const char *fmt, ...) BB_PRINTF(4, 5);

/* How text looks; everything that text depends on besides the data. */
struct style {
	bool color;
	int width;	 /* columns */
	const char *cwd; /* paths below are shown relative to it; "" for none */
	struct wall now;
};

struct style output_style(const struct ctl *c);

/* What a generation came to, in one line without newline: "generation 7 serving after 23 ms". */
void text_verdict(FILE *out, const struct style *s, const json_t *generation);
/* Why it failed: "src/app.py:12: SyntaxError: …", one line without newline. */
void text_failure(FILE *out, const struct style *s, const json_t *generation);
/* The end of its traceback or of its stderr, in lines; nothing when there is none. */
void text_failure_detail(FILE *out, const json_t *generation);

void text_status(FILE *out, const struct style *s, const json_t *status);
void text_generation(FILE *out, const struct style *s, const json_t *generation);
void text_generations(FILE *out, const struct style *s, const json_t *generations);
void text_workers(FILE *out, const struct style *s, const char *indent, const json_t *workers);
void text_instances(FILE *out, const struct style *s, const json_t *instances);
void text_event(FILE *out, const struct style *s, const json_t *event);
void text_log_line(FILE *out, const struct style *s, const json_t *line);

#endif
