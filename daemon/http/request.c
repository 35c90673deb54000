/* Requests: their memory, their heads and their bodies. */
#include "daemon/http/request.h"

#include "daemon/http/chars.h"
#include "daemon/http/conn.h"
#include "daemon/http/parser.h"
#include "daemon/http/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAX  64
#define ARENA_MIN 2048
#define KEEP_MAX  (8 * 1024) /* larger pieces of memory are not kept in the pool */

static void request_free(struct http_request *req)
{
	if (!req)
		return;
	parser_destroy(req->parser);
	buf_finish(&req->body);
	buf_finish(&req->response.fields);
	free(req->arena);
	free(req);
}

static struct http_request *request_new(void)
{
	struct http_request *req = calloc(1, sizeof(*req));

	if (!req || parser_create(&req->parser) < 0) {
		request_free(req);
		return NULL;
	}
	buf_init(&req->body, SIZE_MAX);
	buf_init(&req->response.fields, SIZE_MAX);
	return req;
}

static struct http_request *take_from_pool(struct http_server *server)
{
	struct list_node *n = list_first(&server->pool);

	if (!n)
		return request_new();
	list_remove(n);
	server->pooled--;
	return list_entry(n, struct http_request, link);
}

static void shrink(struct buf *b)
{
	if (b->size > KEEP_MAX)
		buf_finish(b);
	else
		buf_consume(b, buf_len(b));
}

void request_release(struct http_server *server, struct http_request *req)
{
	if (!req)
		return;
	if (server->pooled == POOL_MAX || req->arena_size > KEEP_MAX) {
		request_free(req);
		return;
	}
	shrink(&req->body);
	shrink(&req->response.fields);
	list_push_front(&server->pool, &req->link); /* the warmest is used next */
	server->pooled++;
}

void request_pool_finish(struct http_server *server)
{
	list_for_each(req, &server->pool, struct http_request, link) {
		list_remove(&req->link);
		request_free(req);
	}
	server->pooled = 0;
}

/* Everything but the memory that goes round. */
static void request_reset(struct http_request *req, struct conn *c)
{
	struct http_request fresh = {
		.conn = c,
		.parser = req->parser,
		.arena = req->arena,
		.arena_size = req->arena_size,
		.body = req->body,
		.scheme = "http",
		.response.fields = req->response.fields,
	};

	*req = fresh;
}

/* Room for the header table and the head. */
static int arena_prepare(struct http_request *req, size_t fields, size_t head)
{
	size_t table = fields * sizeof(struct http_header);

	if (req->arena_size >= table + head)
		return 0;
	size_t size = table + head > ARENA_MIN ? table + head : ARENA_MIN;
	char *arena = malloc(size);
	if (!arena)
		return -ENOMEM;
	free(req->arena);
	req->arena = arena;
	req->arena_size = size;
	return 0;
}

static void split_target(struct http_request *req, size_t authority)
{
	const char *path = req->target.p + authority;
	size_t len = req->target.len - authority;
	const char *mark = memchr(path, '?', len);

	req->path = (struct http_str){path, mark ? (size_t)(mark - path) : len};
	if (req->path.len == 0)
		req->path = (struct http_str){"/", 1}; /* "http://host" or "http://host?query" */
	req->query = (struct http_str){path + len, 0};
	if (mark)
		req->query = (struct http_str){mark + 1, len - (size_t)(mark - path) - 1};
}

static int parse_head(struct http_request *req, char *head, size_t len, const struct prescan *s,
		      const char **why)
{
	struct parser_head parsed;
	int rc = parser_head(req->parser, head, len, s->method_len, req->headers, s->fields,
			     &parsed, why);

	if (rc < 0)
		return rc;
	req->method = (struct http_str){head, s->method_len};
	req->target = parsed.target;
	req->header_count = parsed.header_count;
	req->minor = s->minor;
	req->head_only = s->method_len == 4 && memcmp(head, "HEAD", 4) == 0;
	req->keep_alive = parsed.keep_alive;
	req->body_length = parsed.content_length;
	req->body_complete = parser_complete(req->parser);
	req->expects_100 = s->expect && !req->body_complete;
	split_target(req, s->authority);
	return 0;
}

int request_create(struct http_server *server, struct conn *c, const char *p,
		   const struct prescan *s, struct http_request **out, const char **why)
{
	struct http_request *req = take_from_pool(server);
	size_t len = s->pos - s->start;
	size_t table = s->fields * sizeof(struct http_header);

	if (!req)
		return -ENOMEM;
	request_reset(req, c);
	int rc = arena_prepare(req, s->fields, len);
	if (rc == 0) {
		req->headers = (struct http_header *)(void *)req->arena;
		memcpy(req->arena + table, p + s->start, len);
		rc = parse_head(req, req->arena + table, len, s, why);
	}
	if (rc < 0) {
		request_release(server, req);
		return rc;
	}
	req->client = c->peer;
	if (forwarded_enabled(&server->forwarded))
		forwarded_apply(&server->forwarded, &c->peer, req->headers, req->header_count,
				&req->client, &req->scheme);
	*out = req;
	return 0;
}

size_t request_unread(const struct http_request *req)
{
	return buf_len(&req->body) - req->lent;
}

void request_take_back(struct http_request *req)
{
	buf_consume(&req->body, req->lent);
	req->lent = 0;
}

int request_decode(struct http_request *req, const struct http_limits *limits, size_t n,
		   size_t *used, const char **why)
{
	size_t body;
	int rc = parser_body(req->parser, buf_tail(&req->body), n, limits, &body, used, why);

	if (rc < 0)
		return rc;
	buf_commit(&req->body, body);
	req->body_seen += body;
	req->body_complete = parser_complete(req->parser);
	if (limits->body_max && req->body_seen > limits->body_max) {
		*why = "body too large";
		return -EFBIG;
	}
	return 0;
}
