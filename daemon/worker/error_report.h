/*
 * Why a generation does not serve, as a browser, a terminal and a program want to read it. Pure:
 * the worker that answers with it is in error_page.c.
 */
#ifndef DAEMON_WORKER_ERROR_REPORT_H
#define DAEMON_WORKER_ERROR_REPORT_H

#include "common/attr.h"
#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Absent strings are NULL, an absent line is 0. Nothing is owned. */
struct error_report {
	uint64_t generation;
	const char *stage;
	const char *message;
	const char *file;
	uint32_t line;
	const char *detail; /* several lines */
};

enum report_format { REPORT_TEXT, REPORT_HTML, REPORT_JSON };

/*
 * What the value of an Accept field (RFC 9110 §12.5.1) asks for: HTML if text/html is named, JSON
 * if that is named and HTML is not or weighs less, else text. Wildcards count for text, so curl
 * gets what it can show.
 */
enum report_format report_format_choose(const char *accept, size_t len);
const char *report_format_type(enum report_format f);

/* Returns what buf_add() returns. */
int error_report_render(const struct error_report *r, enum report_format f,
			struct buf *out) BB_NODISCARD;

#endif
