/* The gate before the parser: line by line through a request head. */
#include "daemon/http/prescan.h"

#include "daemon/http/chars.h"

#include <errno.h>
#include <string.h>

enum field_seen {
	SEEN_HOST = 1,
	SEEN_CONTENT_LENGTH = 2,
	SEEN_TRANSFER_ENCODING = 4,
	SEEN_CONTENT_TYPE = 8,
};

static int refuse(struct prescan_refusal *r, int status, const char *why)
{
	*r = (struct prescan_refusal){.status = status, .why = why};
	return -EBADMSG;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int scan_version(struct prescan *s, const char *v, size_t len, struct prescan_refusal *r)
{
	if (len != 8 || memcmp(v, "HTTP/", 5) != 0 || !is_digit(v[5]) || v[6] != '.' ||
	    !is_digit(v[7]))
		return refuse(r, 400, "malformed HTTP version");
	if (v[5] != '1' || v[7] > '1')
		return refuse(r, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	s->minor = (uint8_t)(v[7] - '0');
	return 0;
}

/* "http://host:80" before the path of an absolute target; 0 if it is not one. */
static size_t authority_length(const char *t, size_t len)
{
	size_t scheme = 0;

	if (len > 7 && chars_equal_nocase(t, 7, "http://"))
		scheme = 7;
	else if (len > 8 && chars_equal_nocase(t, 8, "https://"))
		scheme = 8;
	if (!scheme)
		return 0;
	size_t n = scheme;
	while (n < len && t[n] != '/' && t[n] != '?')
		n++;
	return n > scheme ? n : 0;
}

static int scan_target(struct prescan *s, const char *t, size_t len, bool options, bool connect,
		       struct prescan_refusal *r)
{
	if (connect)
		return refuse(r, 501, "CONNECT is not offered");
	if (len == 0)
		return refuse(r, 400, "malformed request line");
	if (!chars_are(t, len, CHAR_TARGET))
		return refuse(r, 400, "forbidden byte in the request target");
	s->target_len = (uint32_t)len;
	if (t[0] == '/' || (options && len == 1 && t[0] == '*'))
		return 0;
	s->authority = (uint32_t)authority_length(t, len);
	return s->authority ? 0 : refuse(r, 400, "malformed request target");
}

static int scan_request_line(struct prescan *s, const char *p, size_t len,
			     struct prescan_refusal *r)
{
	const char *space = memchr(p, ' ', len);
	size_t method = space ? (size_t)(space - p) : 0;

	if (method == 0 || !chars_are(p, method, CHAR_METHOD))
		return refuse(r, 400, "malformed request line");
	const char *target = space + 1;
	size_t rest = len - method - 1;
	const char *second = memchr(target, ' ', rest);
	if (!second)
		return refuse(r, 400, "malformed request line");
	size_t target_len = (size_t)(second - target);
	/* A second space in a row, or a third one, ends up in the version and fails there. */
	int rc = scan_version(s, second + 1, rest - target_len - 1, r);
	if (rc < 0)
		return rc;
	s->method_len = (uint32_t)method;
	return scan_target(s, target, target_len, method == 7 && memcmp(p, "OPTIONS", 7) == 0,
			   method == 7 && memcmp(p, "CONNECT", 7) == 0, r);
}

static int once(struct prescan *s, enum field_seen field, const char *why,
		struct prescan_refusal *r)
{
	if (s->seen & field)
		return refuse(r, 400, why);
	s->seen |= (uint8_t)field;
	return 0;
}

static int scan_content_length(struct prescan *s, const char *v, size_t len,
			       struct prescan_refusal *r)
{
	if (len == 0)
		return refuse(r, 400, "malformed Content-Length");
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(v[i]))
			return refuse(r, 400, "malformed Content-Length");
	}
	if (len > 19) /* more than 64 bits can count */
		return refuse(r, 413, "body too large");
	return once(s, SEEN_CONTENT_LENGTH, "more than one Content-Length", r);
}

static int scan_transfer_encoding(struct prescan *s, const char *v, size_t len,
				  struct prescan_refusal *r)
{
	if (s->minor == 0)
		return refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
	if (!chars_equal_nocase(v, len, "chunked"))
		return refuse(r, 501, "Transfer-Encoding other than chunked");
	return once(s, SEEN_TRANSFER_ENCODING, "more than one Transfer-Encoding", r);
}

static int scan_host(struct prescan *s, const char *v, size_t len, size_t at,
		     struct prescan_refusal *r)
{
	if (!chars_are(v, len, CHAR_HOST))
		return refuse(r, 400, "forbidden byte in Host");
	s->host = at;
	s->host_len = (uint32_t)len;
	return once(s, SEEN_HOST, "more than one Host", r);
}

static int scan_expect(struct prescan *s, const char *v, size_t len, struct prescan_refusal *r)
{
	if (s->minor == 0)
		return 0;
	if (!chars_equal_nocase(v, len, "100-continue"))
		return refuse(r, 417, "Expect other than 100-continue");
	s->expect = true;
	return 0;
}

/* The fields whose meaning the framing, or somebody's trust, hangs on. `at` is the value's offset. */
static int scan_special(struct prescan *s, const char *name, size_t name_len, const char *v,
			size_t len, size_t at, struct prescan_refusal *r)
{
	switch (name_len) {
	case 4:
		return chars_equal_nocase(name, 4, "host") ? scan_host(s, v, len, at, r) : 0;
	case 6:
		return chars_equal_nocase(name, 6, "expect") ? scan_expect(s, v, len, r) : 0;
	case 12:
		if (!chars_equal_nocase(name, 12, "content-type"))
			return 0;
		return once(s, SEEN_CONTENT_TYPE, "more than one Content-Type", r);
	case 14:
		if (!chars_equal_nocase(name, 14, "content-length"))
			return 0;
		return scan_content_length(s, v, len, r);
	case 17:
		if (!chars_equal_nocase(name, 17, "transfer-encoding"))
			return 0;
		return scan_transfer_encoding(s, v, len, r);
	default:
		return 0;
	}
}

static int scan_field(struct prescan *s, const char *p, size_t len, struct prescan_refusal *r)
{
	const char *line = p + s->line;

	if (line[0] == ' ' || line[0] == '\t')
		return refuse(r, 400, "folded header line");
	const char *colon = memchr(line, ':', len);
	if (!colon)
		return refuse(r, 400, "header line without a colon");
	size_t name_len = (size_t)(colon - line);
	if (name_len == 0 || !chars_are(line, name_len, CHAR_TOKEN))
		return refuse(r, 400, "malformed header name");
	const char *v = colon + 1;
	size_t v_len = len - name_len - 1;
	if (!chars_are(v, v_len, CHAR_VALUE))
		return refuse(r, 400, "forbidden byte in a header value");
	chars_trim(&v, &v_len);
	s->fields++;
	return scan_special(s, line, name_len, v, v_len, (size_t)(v - p), r);
}

/* RFC 9112 §3.2.2 prefers the target's authority to Host; who says two different things is refused. */
static bool authority_matches(const struct prescan *s, const char *p)
{
	const char *target = p + s->start + s->method_len + 1;
	const char *authority = memchr(target, ':', s->authority);
	size_t len;

	authority += 3; /* "://" */
	len = s->authority - (size_t)(authority - target);
	if (len != s->host_len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (char_lower(authority[i]) != char_lower(p[s->host + i]))
			return false;
	}
	return true;
}

static int scan_whole(const struct prescan *s, const char *p, struct prescan_refusal *r)
{
	if (s->minor == 1 && !(s->seen & SEEN_HOST))
		return refuse(r, 400, "no Host");
	if ((s->seen & SEEN_CONTENT_LENGTH) && (s->seen & SEEN_TRANSFER_ENCODING))
		return refuse(r, 400, "both Content-Length and Transfer-Encoding");
	if (s->authority && (s->seen & SEEN_HOST) && !authority_matches(s, p))
		return refuse(r, 400, "Host differs from the request target");
	return 1;
}

/* Measures the current line (len bytes of it so far) and the head. */
static int scan_limits(const struct prescan *s, size_t len, size_t head,
		       const struct http_limits *l, struct prescan_refusal *r)
{
	if (!s->method_len) {
		if (l->request_line_max && len > l->request_line_max)
			return refuse(r, 414, "request line too long");
	} else if (l->header_max && len > l->header_max) {
		return refuse(r, 431, "header line too long");
	}
	if (l->head_max && head > l->head_max)
		return refuse(r, s->method_len ? 431 : 414, "request head too long");
	return 0;
}

/* One line without its CRLF. Returns 1 when it was the empty one that ends the head. */
static int scan_line(struct prescan *s, const char *p, size_t len, struct prescan_refusal *r)
{
	if (len == 0 && !s->method_len) {
		if (s->start)
			return refuse(r, 400, "empty lines before the request line");
		s->start = s->pos; /* RFC 9112 §2.2: some clients send one after a body */
		return 0;
	}
	if (len == 0)
		return scan_whole(s, p, r);
	return s->method_len ? scan_field(s, p, len, r) : scan_request_line(s, p + s->line, len, r);
}

/* Tells at the first byte what would otherwise only be known at the end of a line. */
static int scan_first_byte(const char *p, struct prescan_refusal *r)
{
	if (p[0] == 0x16)
		return refuse(r, 400, "TLS on a port that speaks plain HTTP");
	if (p[0] != '\r' && !chars_are(p, 1, CHAR_METHOD))
		return refuse(r, 400, "malformed request line");
	return 0;
}

int prescan_feed(struct prescan *s, const char *p, size_t len, const struct http_limits *limits,
		 struct prescan_refusal *r)
{
	const char *lf;
	int rc = s->pos == 0 && len > 0 ? scan_first_byte(p, r) : 0;

	while (rc == 0 && (lf = memchr(p + s->pos, '\n', len - s->pos))) {
		size_t end = (size_t)(lf - p);
		bool crlf = end > s->line && p[end - 1] == '\r';
		size_t line_len = end - s->line - crlf;

		/* Limits first, as for a line that is not whole yet: the answer must not depend on the cut. */
		s->pos = end + 1;
		rc = scan_limits(s, line_len, s->pos, limits, r);
		if (rc == 0 && !crlf)
			rc = refuse(r, 400, "line feed without carriage return");
		if (rc == 0)
			rc = scan_line(s, p, line_len, r);
		if (rc == 0 && limits->headers_max && s->fields > limits->headers_max)
			rc = refuse(r, 431, "too many header lines");
		s->line = s->pos;
	}
	if (rc != 0)
		return rc;
	s->pos = len;
	/* A CR at the end is no part of the line, or the answer would depend on how it is cut. */
	size_t begun = len - s->line;
	if (begun > 0 && p[len - 1] == '\r')
		begun--;
	return scan_limits(s, begun, len, limits, r);
}
