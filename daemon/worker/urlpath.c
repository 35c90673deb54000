/* From the path of a request to a path below a directory. */
#include "daemon/worker/urlpath.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

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

/* Decodes [s, end) into out, which has room for as many bytes. Returns the length or -EINVAL. */
static int segment_decode(const char *s, const char *end, char *out)
{
	char *to = out;

	while (s < end) {
		int high, low;

		if (*s != '%') {
			*to++ = *s++;
			continue;
		}
		high = end - s > 2 ? hex_value(s[1]) : -1;
		low = end - s > 2 ? hex_value(s[2]) : -1;
		if (high < 0 || low < 0)
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		s += 3;
	}
	return (int)(to - out);
}

static bool segment_is(const char *s, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(s, name, len) == 0;
}

static int segment_check(const char *s, size_t len, bool first)
{
	if (memchr(s, '\0', len))
		return -EINVAL;
	if (memchr(s, '/', len))
		return -EACCES;
	if (s[0] == '.' && !(first && segment_is(s, len, ".well-known")))
		return -EACCES;
	return 0;
}

/* Appends the segment [s, end) unless it says nothing. */
static int segment_add(struct urlpath *u, const char *s, const char *end)
{
	size_t slash = u->len > 0 ? 1 : 0;
	char *to = u->path + u->len + slash;
	int len, err;

	if ((size_t)(end - s) + slash + 1 > sizeof(u->path) - u->len)
		return -ENAMETOOLONG;
	len = segment_decode(s, end, to);
	if (len < 0)
		return len;
	if (len == 0 || segment_is(to, (size_t)len, "."))
		return 0;
	err = segment_check(to, (size_t)len, u->len == 0);
	if (err)
		return err;
	if (slash)
		to[-1] = '/';
	u->len += slash + (size_t)len;
	return 0;
}

/* The path of an address in absolute form (RFC 9112 §3.2.2); others are left alone. */
static const char *skip_authority(const char *path, const char *end)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);
		const char *slash;

		if ((size_t)(end - path) < n || strncasecmp(path, schemes[i], n) != 0)
			continue;
		slash = memchr(path + n, '/', (size_t)(end - path) - n);
		return slash ? slash : end;
	}
	return path;
}

int urlpath_decode(struct urlpath *u, const char *path, size_t len)
{
	const char *end = path + len;
	const char *s = skip_authority(path, end);

	u->len = 0;
	u->folder = true;
	if (s < end ? *s != '/' : s == path)
		return -EINVAL;
	while (s < end) {
		const char *slash = memchr(s + 1, '/', (size_t)(end - s - 1));
		const char *stop = slash ? slash : end;
		size_t before = u->len;
		int err = segment_add(u, s + 1, stop);

		if (err)
			return err;
		u->folder = u->len == before;
		s = stop;
	}
	u->path[u->len] = '\0';
	return 0;
}
