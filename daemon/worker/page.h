/*
 * The frame of the small pages that we show to people: 404, listings, the error of a generation.
 * Pure.
 */
#ifndef DAEMON_WORKER_PAGE_H
#define DAEMON_WORKER_PAGE_H

#include "common/attr.h"
#include "common/buf.h"

/*
 * What such a page may do: nothing but show itself. For the header Content-Security-Policy; a page
 * that shows a name or a traceback can then not be made to run it.
 */
#define PAGE_POLICY \
	"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#define PAGE_TYPE "text/html; charset=utf-8"

/*
 * Everything up to the content, heading included; `title` is escaped. Return what buf_add()
 * returns.
 */
int page_begin(struct buf *out, const char *title) BB_NODISCARD;
int page_end(struct buf *out) BB_NODISCARD;

#endif
