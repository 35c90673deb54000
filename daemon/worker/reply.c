/* Whole small responses of the hosts in this folder. */
#include "daemon/worker/reply.h"

#include "daemon/worker/escape.h"
#include "daemon/worker/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void reply_header(struct http_request *req, const char *name, const char *value)
{
	int err = http_response_header(req, name, strlen(name), value, strlen(value));

	(void)err;
}

void reply_body(struct http_request *req, const void *data, size_t len)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", len);
	reply_header(req, "content-length", text);
	if (http_response_body(req, data, len) < 0)
		http_response_abort(req);
	else
		http_response_end(req);
}

void reply_page(struct http_request *req, struct buf *page, int err)
{
	if (err) {
		http_response_abort(req);
	} else {
		reply_header(req, "content-type", PAGE_TYPE);
		reply_header(req, "content-security-policy", PAGE_POLICY);
		reply_body(req, buf_data(page), buf_len(page));
	}
	buf_finish(page);
}

static int render_status(int status, const char *sentence, struct buf *out)
{
	char title[64];
	int err;

	snprintf(title, sizeof(title), "%d %s", status, http_status_reason(status));
	err = page_begin(out, title);
	if (!err)
		err = buf_add_str(out, "<p class=\"quiet\">");
	if (!err)
		err = escape_html(out, sentence, strlen(sentence));
	if (!err)
		err = buf_add_str(out, "</p>\n");
	if (!err)
		err = page_end(out);
	return err;
}

void reply_status_page(struct http_request *req, int status, const char *sentence)
{
	struct buf page;

	buf_init(&page, SIZE_MAX);
	reply_page(req, &page, render_status(status, sentence, &page));
}

void reply_status(struct http_request *req, int status, const char *sentence)
{
	if (http_response_start(req, status) < 0) {
		http_response_abort(req);
		return;
	}
	reply_header(req, "cache-control", "no-cache");
	reply_status_page(req, status, sentence);
}
