/* Hexadecimal digits. */
#include "common/hex.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

char *hex_encode(const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	char *hex = malloc(len * 2 + 1);

	if (!hex)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		hex[i * 2] = digits[p[i] >> 4];
		hex[i * 2 + 1] = digits[p[i] & 15];
	}
	hex[len * 2] = '\0';
	return hex;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *hex, struct buf *out)
{
	size_t len = strlen(hex);
	int rc;

	if (len % 2 || strspn(hex, "0123456789abcdef") != len)
		return -EINVAL;
	rc = buf_reserve(out, len / 2);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < len; i += 2) {
		*buf_tail(out) = (char)(digit(hex[i]) << 4 | digit(hex[i + 1]));
		buf_commit(out, 1);
	}
	return 0;
}
