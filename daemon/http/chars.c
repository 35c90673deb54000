/* Byte classes of HTTP, as a table. */
#include "daemon/http/chars.h"

#include <string.h>

#define T CHAR_TOKEN
#define M CHAR_METHOD
#define V CHAR_VALUE
#define R CHAR_TARGET
#define H CHAR_HOST

static const unsigned char classes[256] = {
	['\t'] = V,
	[' '] = V,
	['!'] = T | M | V | R | H,
	['"'] = V | R,
	['#'] = T | M | V,
	['$' ... '\''] = T | M | V | R | H,
	['('] = V | R | H,
	[')'] = V | R | H,
	['*'] = T | M | V | R | H,
	['+'] = T | M | V | R | H,
	[','] = V | R,
	['-'] = T | M | V | R | H,
	['.'] = T | M | V | R | H,
	['/'] = V | R,
	['0' ... '9'] = T | M | V | R | H,
	[':'] = V | R | H,
	[';'] = V | R | H,
	['<'] = V | R,
	['='] = V | R | H,
	['>'] = V | R,
	['?'] = V | R,
	['@'] = V | R,
	['A' ... 'Z'] = T | M | V | R | H,
	['['] = V | R | H,
	['\\'] = V | R,
	[']'] = V | R | H,
	['^'] = T | M | V | R,
	['_'] = T | M | V | R | H,
	['`'] = T | M | V | R,
	['a' ... 'z'] = T | V | R | H,
	['{'] = V | R,
	['|'] = T | M | V | R,
	['}'] = V | R,
	['~'] = T | M | V | R | H,
	[128 ... 255] = V,
};

bool chars_are(const char *p, size_t len, enum char_class class)
{
	for (size_t i = 0; i < len; i++) {
		if (!(classes[(unsigned char)p[i]] & class))
			return false;
	}
	return true;
}

char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool chars_equal_nocase(const char *p, size_t len, const char *lower)
{
	for (size_t i = 0; i < len; i++) {
		if (!lower[i] || char_lower(p[i]) != lower[i])
			return false;
	}
	return lower[len] == '\0';
}

void chars_trim(const char **p, size_t *len)
{
	while (*len > 0 && (**p == ' ' || **p == '\t')) {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && ((*p)[*len - 1] == ' ' || (*p)[*len - 1] == '\t'))
		(*len)--;
}

bool chars_list_has(const char *p, size_t len, const char *lower)
{
	const char *end = p + len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *stop = comma ? comma : end;
		const char *member = p;
		size_t n = (size_t)(stop - p);

		chars_trim(&member, &n);
		if (chars_equal_nocase(member, n, lower))
			return true;
		p = comma ? comma + 1 : end;
	}
	return false;
}
