/* Bytes of unknown origin made safe to stand in pages, JSON, addresses and logs. */
#include "daemon/worker/escape.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
static const char hex_upper[] = "0123456789ABCDEF";
static const char hex_lower[] = "0123456789abcdef";

/* The range that the second byte of a sequence has to be in (RFC 3629 §4). */
static bool second_is_valid(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	}
	return (second & 0xc0) == 0x80;
}

/* Bytes of the character at s (RFC 3629), or 0 when there is none. */
static size_t utf8_len(const char *s, size_t left)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] > 0xf4 || n > left)
		return 0;
	if (n > 1 && !second_is_valid(p[0], p[1]))
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

int escape_html(struct buf *out, const char *s, size_t len)
{
	int err = 0;

	for (size_t at = 0, n; at < len && !err; at += n ? n : 1) {
		const char *entity = html_entity(s[at]);

		n = utf8_len(s + at, len - at);
		if (entity)
			err = buf_add_str(out, entity);
		else if (n == 0 || (is_control((unsigned char)s[at]) && !strchr("\n\t", s[at])))
			err = buf_add_str(out, replacement);
		else
			err = buf_add(out, s + at, n);
	}
	return err;
}

/* The escape for a character that has a short one (RFC 8259 §7), else NULL. */
static const char *json_short(char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	}
	return NULL;
}

int escape_json(struct buf *out, const char *s, size_t len)
{
	int err = 0;

	for (size_t at = 0, n; at < len && !err; at += n ? n : 1) {
		const char *text = json_short(s[at]);

		n = utf8_len(s + at, len - at);
		if (text)
			err = buf_add_str(out, text);
		else if (n == 0)
			err = buf_add_str(out, replacement);
		else if (is_control((unsigned char)s[at]))
			err = buf_printf(out, "\\u%04x", (unsigned char)s[at]);
		else
			err = buf_add(out, s + at, n);
	}
	return err;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c));
}

int escape_path(struct buf *out, const char *s, size_t len, bool slashes)
{
	int err = 0;

	for (size_t at = 0; at < len && !err; at++) {
		unsigned char c = (unsigned char)s[at];
		char text[3] = {'%', hex_upper[c >> 4], hex_upper[c & 15]};

		if (is_unreserved(s[at]) || (slashes && s[at] == '/'))
			err = buf_add(out, s + at, 1);
		else
			err = buf_add(out, text, sizeof(text));
	}
	return err;
}

static bool is_plain_in_log(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

int escape_log(struct buf *out, const char *s, size_t len)
{
	int err = 0;

	for (size_t at = 0, from; at < len && !err; at++) {
		for (from = at; at < len && is_plain_in_log((unsigned char)s[at]); at++)
			;
		err = buf_add(out, s + from, at - from);
		if (!err && at < len) {
			unsigned char c = (unsigned char)s[at];
			char text[4] = {'\\', 'x', hex_lower[c >> 4], hex_lower[c & 15]};

			err = buf_add(out, text, sizeof(text));
		}
	}
	return err;
}
