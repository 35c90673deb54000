/* Percent-decoding of a path. */
#include "daemon/asgi/percent.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

size_t percent_decode(const char *src, size_t len, char *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = src[i] == '%' && len - i > 2 ? hex_value(src[i + 1]) : -1;
		int low = high >= 0 ? hex_value(src[i + 2]) : -1;

		if (low < 0) {
			dst[n++] = src[i];
			continue;
		}
		dst[n++] = (char)(high * 16 + low);
		i += 2;
	}
	return n;
}
