/* The worker of a generation that does not load: every request is answered with the reason. */
#include "common/log.h"
#include "daemon/worker/error_report.h"
#include "daemon/worker/host.h"
#include "daemon/worker/page.h"
#include "daemon/worker/reply.h"
#include "daemon/worker/worker.h"

#define FORMATS 3

struct error_page {
	struct host host;
	struct buf bodies[FORMATS]; /* by enum report_format; made once */
};

static enum report_format choose(const struct http_request *req)
{
	const struct http_str *accept = http_request_header(req, "accept");

	return accept ? report_format_choose(accept->p, accept->len) : REPORT_TEXT;
}

static void on_request(void *app, struct http_request *req)
{
	struct error_page *p = container_of((struct host *)app, struct error_page, host);
	enum report_format format = choose(req);

	if (http_response_start(req, 503) < 0) {
		http_response_abort(req);
		return;
	}
	reply_header(req, "content-type", report_format_type(format));
	reply_header(req, "content-security-policy", PAGE_POLICY);
	reply_header(req, "retry-after", "1");
	reply_header(req, "cache-control", "no-store");
	reply_header(req, "vary", "accept");
	reply_body(req, buf_data(&p->bodies[format]), buf_len(&p->bodies[format]));
}

/* What may be shown to whoever asks: without debug_errors, no more than that it failed. */
static struct error_report make_report(const struct worker_config *c)
{
	if (!c->debug_errors)
		return (struct error_report){
			.generation = c->generation,
			.message = "The application did not start. Its log says why.",
		};
	return (struct error_report){
		.generation = c->generation,
		.stage = c->error_stage,
		.message = c->error_message,
		.file = c->error_file,
		.line = c->error_line,
		.detail = c->error_detail,
	};
}

static int prepare(struct host *h, const struct worker_config *c, struct worker_error *e)
{
	struct error_page *p = container_of(h, struct error_page, host);
	const struct error_report report = make_report(c);
	int err = 0;

	(void)e;
	for (int i = 0; i < FORMATS && !err; i++) {
		buf_init(&p->bodies[i], SIZE_MAX);
		err = error_report_render(&report, (enum report_format)i, &p->bodies[i]);
	}
	if (err)
		log_error_errno(err, "error page");
	return err;
}

int worker_error_main(void)
{
	struct error_page p = {
		.host.prepare = prepare,
		.host.http = {on_request, host_ignore, host_ignore, host_ignore},
	};
	int status = host_main(&p.host);

	for (int i = 0; i < FORMATS; i++)
		buf_finish(&p.bodies[i]);
	return status;
}
