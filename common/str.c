/* Strings: growable vectors of them, prefixes, copies, and the nearest word. */
#include "common/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64 /* longer words are never a typing error of an option or a command */

void strv_finish(struct strv *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){0};
}

/* Room for one more and the NULL. The capacity is the next power of two, so it need not be kept. */
static int make_room(struct strv *s)
{
	size_t used = s->len + 1;

	if (s->v && (used & (used - 1)) != 0)
		return 0;

	char **v = realloc(s->v, 2 * used * sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->v = v;
	return 0;
}

int strv_add(struct strv *s, const char *str)
{
	char *copy = strdup(str);

	if (!copy || make_room(s)) {
		free(copy);
		return -ENOMEM;
	}
	s->v[s->len++] = copy;
	s->v[s->len] = NULL;
	return 0;
}

int strv_add_unique(struct strv *s, const char *str)
{
	return strv_contains(s, str) ? 0 : strv_add(s, str);
}

int strv_copy(struct strv *dst, const struct strv *src)
{
	struct strv copy = {0};

	for (size_t i = 0; i < src->len; i++) {
		int err = strv_add(&copy, src->v[i]);

		if (err) {
			strv_finish(&copy);
			return err;
		}
	}
	strv_finish(dst);
	*dst = copy;
	return 0;
}

bool strv_contains(const struct strv *s, const char *str)
{
	for (size_t i = 0; i < s->len; i++)
		if (strcmp(s->v[i], str) == 0)
			return true;
	return false;
}

bool strv_remove(struct strv *s, const char *str)
{
	for (size_t i = 0; i < s->len; i++) {
		if (strcmp(s->v[i], str) != 0)
			continue;
		free(s->v[i]);
		/* The terminating NULL moves too. */
		memmove(&s->v[i], &s->v[i + 1], (s->len - i) * sizeof(*s->v));
		s->len--;
		return true;
	}
	return false;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

int str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size) {
		if (size > 0)
			dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(dst, src, len + 1);
	return 0;
}

char *str_printf(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. */
static size_t edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= blen; j++)
		last[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t differs = a[i - 1] != b[j - 1];

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}

		size_t *oldest = before;

		before = last;
		last = row;
		row = oldest;
	}
	return last[blen];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strlen(word);
	size_t best = (len + 2) / 3 + 1; /* one slip for each three letters */
	const char *nearest = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t clen = strlen(candidates[i]);

		if (clen > WORD_MAX)
			continue;

		size_t distance = edit_distance(word, len, candidates[i], clen);

		if (distance < best && distance < clen) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
