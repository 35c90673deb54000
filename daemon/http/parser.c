/* llhttp, driven in two phases: a whole head, then the body piece by piece. */
#include "daemon/http/parser.h"

#include "daemon/http/chars.h"

#include <errno.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that frame a chunked body (sizes, extensions) between two body bytes; nobody needs more. */
#define FRAMING_MAX 4096

struct parser {
	llhttp_t ll;
	const struct http_limits *limits;
	const char *why; /* set by a callback that refuses */
	bool complete;
	bool in_body; /* the head is done: fields are trailers now */

	/* The head. */
	char *head;
	struct http_str target;
	struct http_header *table;
	size_t max;
	size_t count;
	bool open; /* table[count] is being filled */
	bool keep_alive;

	/* The body. */
	char *out;	  /* where the next body bytes go */
	const char *mark; /* end of the last body bytes in the piece being decoded */
	size_t framing;	  /* bytes since the last body byte */
	char last;	  /* the framing byte before this piece */

	/* Trailers. */
	bool trailing;
	char name[24]; /* lower-cased, cut */
	size_t name_len;
	size_t trailer_bytes;
	uint32_t trailers;
};

static struct parser *parser_of(llhttp_t *ll)
{
	return container_of(ll, struct parser, ll);
}

static int refuse(struct parser *p, const char *why)
{
	p->why = why;
	return -1;
}

static int on_url(llhttp_t *ll, const char *at, size_t len)
{
	parser_of(ll)->target = (struct http_str){at, len};
	return 0;
}

/* The field in the table's open row is whole. */
static void header_done(struct parser *p)
{
	const struct http_str *name = &p->table[p->count].name;

	if (p->open && !memchr(name->p, '_', name->len))
		p->count++;
	p->open = false;
}

static int header_name(struct parser *p, const char *at, size_t len)
{
	char *name = p->head + (at - p->head);

	if (p->open)
		header_done(p);
	if (p->count == p->max)
		return refuse(p, "more headers than lines");
	for (size_t i = 0; i < len; i++)
		name[i] = char_lower(name[i]);
	p->table[p->count] = (struct http_header){.name = {name, len}, .value = {name + len, 0}};
	p->open = true;
	return 0;
}

/* What may not come after the body: framing, routing, what was decided on before (RFC 9110 §6.5.1). */
static bool trailer_forbidden(const char *name, size_t len)
{
	static const char *const names[] = {
		"authorization",  "connection",	   "content-encoding",
		"content-length", "content-range", "content-type",
		"cookie",	  "expect",	   "host",
		"keep-alive",	  "max-forwards",  "te",
		"trailer",	  "upgrade",	   "transfer-encoding",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (chars_equal_nocase(name, len, names[i]))
			return true;
	}
	return false;
}

static int on_header_field(llhttp_t *ll, const char *at, size_t len)
{
	struct parser *p = parser_of(ll);

	if (!p->in_body)
		return header_name(p, at, len);
	p->trailing = true;
	for (size_t i = 0; i < len && p->name_len < sizeof(p->name); i++)
		p->name[p->name_len++] = at[i];
	return 0;
}

static int on_header_field_complete(llhttp_t *ll)
{
	struct parser *p = parser_of(ll);

	if (!p->in_body)
		return 0;
	if (trailer_forbidden(p->name, p->name_len))
		return refuse(p, "forbidden trailer");
	p->name_len = 0;
	p->trailers++;
	if (p->limits->headers_max && p->trailers > p->limits->headers_max)
		return refuse(p, "too many trailers");
	return 0;
}

static int on_header_value(llhttp_t *ll, const char *at, size_t len)
{
	struct parser *p = parser_of(ll);

	if (p->in_body)
		return 0;
	chars_trim(&at, &len);
	p->table[p->count].value = (struct http_str){at, len};
	return 0;
}

static int on_headers_complete(llhttp_t *ll)
{
	struct parser *p = parser_of(ll);

	if (p->in_body)
		return 0;
	if (p->open)
		header_done(p);
	p->in_body = true;
	p->keep_alive = ll->http_minor == 0 ? (ll->flags & F_CONNECTION_KEEP_ALIVE) &&
						      !(ll->flags & F_CONNECTION_CLOSE)
					    : !(ll->flags & F_CONNECTION_CLOSE);
	/* Nothing is upgraded: what follows is a body or the next request (RFC 9110 §7.8). */
	ll->upgrade = 0;
	return 0;
}

/*
 * Checks the n bytes between two stretches of body. llhttp is lenient there in places: each line must end
 * in CRLF, no line may be folded, nothing but visible ASCII and blanks may stand in it.
 */
static int check_framing(struct parser *p, const char *at, size_t n)
{
	p->framing += n;
	if (p->trailing)
		p->trailer_bytes += n;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)at[i];

		if ((c == '\n') != (p->last == '\r'))
			return refuse(p, "line in the body's framing does not end in CRLF");
		if ((c == ' ' || c == '\t') && p->last == '\n')
			return refuse(p, "folded line in the body's framing");
		if ((c < ' ' && c != '\r' && c != '\n' && c != '\t') || c == 0x7f)
			return refuse(p, "control byte in the body's framing");
		p->last = at[i];
	}
	if (!p->trailing && p->framing > FRAMING_MAX)
		return refuse(p, "chunk line too long");
	if (p->limits->head_max && p->trailer_bytes > p->limits->head_max)
		return refuse(p, "trailers too long");
	return 0;
}

static int on_body(llhttp_t *ll, const char *at, size_t len)
{
	struct parser *p = parser_of(ll);

	if (check_framing(p, p->mark, (size_t)(at - p->mark)) < 0)
		return -1;
	if (p->out != at)
		memmove(p->out, at, len);
	p->out += len;
	p->mark = at + len;
	p->framing = 0;
	p->last = 0;
	return 0;
}

static int on_message_complete(llhttp_t *ll)
{
	parser_of(ll)->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

int parser_create(struct parser **out)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*out = p;
	return 0;
}

void parser_destroy(struct parser *p)
{
	free(p);
}

static int failed(const struct parser *p, const char **why)
{
	const char *reason = llhttp_get_error_reason(&p->ll);

	*why = p->why ? p->why : reason && reason[0] ? reason : "malformed request";
	return -EBADMSG;
}

/*
 * llhttp 8 knows a fixed list of methods, without QUERY and without anybody's own; framing does not depend on
 * them (CONNECT, where it would, was refused before). So it is always told POST.
 */
static enum llhttp_errno feed_head(struct parser *p, size_t len, size_t method_len)
{
	enum llhttp_errno e = llhttp_execute(&p->ll, "POST", 4);

	return e != HPE_OK ? e : llhttp_execute(&p->ll, p->head + method_len, len - method_len);
}

int parser_head(struct parser *p, char *head, size_t len, size_t method_len,
		struct http_header *table, size_t max, struct parser_head *out, const char **why)
{
	*p = (struct parser){.head = head, .table = table, .max = max};
	llhttp_init(&p->ll, HTTP_REQUEST, &settings);

	enum llhttp_errno e = feed_head(p, len, method_len);
	if ((e != HPE_OK && !p->complete) || !p->in_body)
		return failed(p, why);
	*out = (struct parser_head){
		.target = p->target,
		.header_count = p->count,
		.keep_alive = p->keep_alive,
		.chunked = (p->ll.flags & F_CHUNKED) && !p->complete,
		.content_length =
			p->complete || (p->ll.flags & F_CHUNKED) ? 0 : p->ll.content_length,
	};
	return 0;
}

bool parser_complete(const struct parser *p)
{
	return p->complete;
}

int parser_body(struct parser *p, char *data, size_t len, const struct http_limits *limits,
		size_t *body, size_t *used, const char **why)
{
	size_t taken = len;

	p->limits = limits;
	p->out = data;
	p->mark = data;
	enum llhttp_errno e = llhttp_execute(&p->ll, data, len);
	if (e != HPE_OK && !p->complete)
		return failed(p, why);
	if (p->complete)
		taken = (size_t)(llhttp_get_error_pos(&p->ll) - data);
	if (check_framing(p, p->mark, (size_t)(data + taken - p->mark)) < 0)
		return failed(p, why);
	*body = (size_t)(p->out - data);
	*used = taken;
	return 0;
}
