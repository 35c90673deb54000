/*
 * Any bytes as a request: the gate gives the same verdict however they are cut, what it accepts the parser can
 * take, and a body decodes to the same bytes in one piece and in many.
 */
#include "daemon/http/parser.h"
#include "daemon/http/prescan.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 128

struct body {
	char *bytes;
	size_t len;
	size_t used;
	int rc;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The verdict after pieces of `step` bytes: 0 complete, a status, or -1 for "more". */
static int scan(const char *p, size_t len, size_t step, const struct http_limits *l,
		struct prescan *s)
{
	struct prescan_refusal r = {.status = 0};

	*s = (struct prescan){.pos = 0};
	for (size_t have = 0; have < len;) {
		have = len - have < step ? len : have + step;
		int rc = prescan_feed(s, p, have, l, &r);
		if (rc == 1)
			return 0;
		if (rc < 0) {
			check(r.status >= 400 && r.status <= 505 && r.why);
			return r.status;
		}
	}
	return -1;
}

static struct body decode(const char *head, const struct prescan *s, const char *p, size_t len,
			  size_t step, const struct http_limits *l)
{
	struct http_header table[FIELDS_MAX];
	struct body b = {.bytes = malloc(len + 1)};
	size_t head_len = s->pos - s->start;
	char *copy = malloc(head_len);
	struct parser *parser = NULL;
	struct parser_head parsed;
	const char *why = NULL;

	check(b.bytes && copy && parser_create(&parser) == 0);
	memcpy(copy, head + s->start, head_len);
	b.rc = parser_head(parser, copy, head_len, s->method_len, table, s->fields, &parsed, &why);
	check(b.rc == 0 || why);
	while (b.rc == 0 && b.used < len && !parser_complete(parser)) {
		size_t n = len - b.used < step ? len - b.used : step;
		char *piece = malloc(n);
		size_t body = 0, used = 0;

		check(piece != NULL);
		memcpy(piece, p + b.used, n);
		b.rc = parser_body(parser, piece, n, l, &body, &used, &why);
		if (b.rc == 0) {
			check(body <= used && used <= n && (used == n || parser_complete(parser)));
			memcpy(b.bytes + b.len, piece, body);
			b.len += body;
			b.used += used;
		}
		free(piece);
	}
	parser_destroy(parser);
	free(copy);
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	struct http_limits limits;
	struct prescan whole, cut;

	if (size < 2)
		return 0;
	size_t step = 1 + data[0] % 16;
	size--;
	http_limits_default(&limits);
	limits.headers_max = FIELDS_MAX;
	int verdict = scan(p, size, size, &limits, &whole);
	check(scan(p, size, step, &limits, &cut) == verdict);
	if (verdict != 0)
		return 0;
	check(whole.pos == cut.pos && whole.pos <= size);

	struct body one = decode(p, &whole, p + whole.pos, size - whole.pos, size, &limits);
	struct body many = decode(p, &whole, p + whole.pos, size - whole.pos, step, &limits);
	check(one.rc == many.rc);
	if (one.rc == 0)
		check(one.used == many.used && one.len == many.len &&
		      memcmp(one.bytes, many.bytes, one.len) == 0);
	free(one.bytes);
	free(many.bytes);
	return 0;
}
