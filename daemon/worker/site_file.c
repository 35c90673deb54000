/* One file as the answer to a GET or HEAD (RFC 9110 §13, §14). */
#include "daemon/worker/site_file.h"

#include "common/clock.h"
#include "common/fd.h"
#include "daemon/worker/conditional.h"
#include "daemon/worker/http_date.h"
#include "daemon/worker/mime.h"
#include "daemon/worker/range.h"
#include "daemon/worker/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * A file that changed this short a time ago may change again within the same tick of the file
 * system's clock and keep its size: nothing that we could say would tell the two apart, so we say
 * nothing.
 */
#define SETTLED_NS 50000000

#define NS	   1000000000

struct site_file {
	int fd;
	uint64_t size;
	const char *type;
	bool no_cache;
	struct validators v;
	char etag[64];
	char modified[HTTP_DATE_SIZE];
};

static void find_validators(struct site_file *f, const struct stat *st)
{
	struct wall now = wall_now();
	int64_t changed = (int64_t)st->st_mtim.tv_sec * NS + st->st_mtim.tv_nsec;

	f->v.now = (time_t)(now.ns / NS);
	if (now.ns - changed < SETTLED_NS || st->st_mtim.tv_sec <= 0)
		return;
	snprintf(f->etag, sizeof(f->etag), "\"%jx-%jx-%jx\"", (uintmax_t)st->st_ino,
		 (uintmax_t)st->st_size, (uintmax_t)changed);
	f->v.etag = f->etag;
	f->v.modified = st->st_mtim.tv_sec;
	http_date_format(st->st_mtim.tv_sec, f->modified);
}

/* Starts the response with what 200, 206, 304, 412 and 416 have in common. */
static bool start(struct http_request *req, const struct site_file *f, int status)
{
	if (http_response_start(req, status) < 0) {
		http_response_abort(req);
		return false;
	}
	if (f->v.etag) {
		reply_header(req, "etag", f->etag);
		reply_header(req, "last-modified", f->modified);
	}
	reply_header(req, "accept-ranges", "bytes");
	if (f->no_cache)
		reply_header(req, "cache-control", "no-cache");
	return true;
}

/* Sends len bytes from offset: the whole file, or the range that was asked for. */
static void reply_bytes(struct http_request *req, struct site_file *f, int status,
			const struct range *r)
{
	char text[80];
	int fd = f->fd;

	if (!start(req, f, status))
		return;
	reply_header(req, "content-type", f->type);
	snprintf(text, sizeof(text), "%" PRIu64, r->len);
	reply_header(req, "content-length", text);
	if (status == 206) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r->first,
			 r->first + r->len - 1, f->size);
		reply_header(req, "content-range", text);
	}
	f->fd = -1;
	if (http_response_file(req, fd, (off_t)r->first, r->len) < 0)
		http_response_abort(req);
	else
		http_response_end(req);
}

static void reply_unsatisfiable(struct http_request *req, const struct site_file *f)
{
	char text[48];

	if (!start(req, f, 416))
		return;
	snprintf(text, sizeof(text), "bytes */%" PRIu64, f->size);
	reply_header(req, "content-range", text);
	reply_status_page(req, 416, "The file is shorter than that.");
}

static bool is_get(const struct http_request *req)
{
	struct http_str method = http_request_method(req);

	return method.len == 3 && memcmp(method.p, "GET", 3) == 0;
}

/* Ranges are defined for GET alone (§14.2). */
static enum range_verdict find_range(const struct http_request *req, const struct site_file *f,
				     struct range *r)
{
	const struct http_str *value = http_request_header(req, "range");

	if (!value || !is_get(req) ||
	    !conditional_range_allowed(http_request_headers(req), http_request_header_count(req),
				       &f->v))
		return RANGE_WHOLE;
	return range_parse(value->p, value->len, f->size, r);
}

static void reply_content(struct http_request *req, struct site_file *f)
{
	const struct range whole = {0, f->size};
	struct range part;

	switch (find_range(req, f, &part)) {
	case RANGE_WHOLE:
		reply_bytes(req, f, 200, &whole);
		break;
	case RANGE_PART:
		reply_bytes(req, f, 206, &part);
		break;
	case RANGE_UNSATISFIABLE:
		reply_unsatisfiable(req, f);
		break;
	}
}

void site_file_reply(struct http_request *req, int fd, const struct stat *st, const char *name,
		     bool no_cache)
{
	struct site_file f = {
		.fd = fd,
		.size = (uint64_t)st->st_size,
		.type = mime_type(name),
		.no_cache = no_cache,
	};

	find_validators(&f, st);
	switch (conditional_check(http_request_headers(req), http_request_header_count(req),
				  &f.v)) {
	case CONDITION_PROCEED:
		reply_content(req, &f);
		break;
	case CONDITION_NOT_MODIFIED:
		if (start(req, &f, 304))
			http_response_end(req);
		break;
	case CONDITION_FAILED:
		if (start(req, &f, 412))
			reply_status_page(req, 412, "The file is another one by now.");
		break;
	}
	fd_close(&f.fd);
}
