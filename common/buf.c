/* A growable byte buffer, and the bounds-checked reader that is its counterpart. */
#include "common/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_finish(struct buf *b)
{
	free(b->base);
	*b = (struct buf){.max = b->max};
}

static void move_to_front(struct buf *b)
{
	size_t len = buf_len(b);

	if (b->start == 0)
		return;
	memmove(b->base, b->base + b->start, len);
	b->start = 0;
	b->end = len;
}

/* Twice the size, so that appending is cheap on average, but not far over the cap. */
static size_t grown_size(const struct buf *b, size_t wanted)
{
	size_t size = b->size > SIZE_MAX / 2 ? SIZE_MAX : b->size * 2;

	if (size > b->max)
		size = b->max;
	if (size < FIRST_SIZE)
		size = FIRST_SIZE;
	return size < wanted ? wanted : size;
}

int buf_reserve(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (n > b->max || len > b->max - n)
		return -ENOBUFS;
	if (len + n > PTRDIFF_MAX) /* no object is larger */
		return -ENOMEM;
	if (buf_room(b) >= n)
		return 0;
	/* Moving pays only when it frees more than it copies; else it would be done for each byte. */
	if (b->size >= len + n && b->start >= len) {
		move_to_front(b);
		return 0;
	}
	move_to_front(b);

	size_t size = grown_size(b, len + n);
	char *base = realloc(b->base, size);

	if (!base)
		return -ENOMEM;
	b->base = base;
	b->size = size;
	return 0;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(n <= buf_room(b));
	b->end += n;
}

int buf_add(struct buf *b, const void *data, size_t n)
{
	int err = buf_reserve(b, n);

	if (err || n == 0)
		return err;
	memcpy(buf_tail(b), data, n);
	buf_commit(b, n);
	return 0;
}

int buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

static int add_formatted(struct buf *b, const char *fmt, va_list ap) BB_PRINTF(2, 0);

static int add_formatted(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return -EINVAL;

	/* vsnprintf() writes a terminator, which is not part of the data. */
	char *text = malloc((size_t)n + 1);

	if (!text)
		return -ENOMEM;
	vsnprintf(text, (size_t)n + 1, fmt, ap);

	int err = buf_add(b, text, (size_t)n);

	free(text);
	return err;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return -EINVAL;
	if ((size_t)n < sizeof(text))
		return buf_add(b, text, (size_t)n);

	va_start(ap, fmt);
	int err = add_formatted(b, fmt, ap);
	va_end(ap);
	return err;
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= buf_len(b));
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void buf_trim(struct buf *b)
{
	size_t len = buf_len(b);

	if (len == 0) {
		buf_finish(b);
		return;
	}
	move_to_front(b);

	char *base = realloc(b->base, len);

	if (!base)
		return; /* shrinking failed: what we have still serves */
	b->base = base;
	b->size = len;
}

/* The lowest n bytes of v, most significant first. */
static int add_be(struct buf *b, uint64_t v, size_t n)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
	return buf_add(b, bytes, n);
}

int buf_add_u8(struct buf *b, uint8_t v)
{
	return add_be(b, v, 1);
}

int buf_add_u16(struct buf *b, uint16_t v)
{
	return add_be(b, v, 2);
}

int buf_add_u32(struct buf *b, uint32_t v)
{
	return add_be(b, v, 4);
}

int buf_add_u64(struct buf *b, uint64_t v)
{
	return add_be(b, v, 8);
}

void reader_init(struct reader *r, const void *data, size_t len)
{
	static const unsigned char nothing[1];

	/* Never NULL, since arithmetic on it is not defined. */
	r->p = len ? data : nothing;
	r->end = r->p + len;
}

static int read_be(struct reader *r, uint64_t *v, size_t n)
{
	uint64_t sum = 0;

	if (reader_left(r) < n)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++)
		sum = sum << 8 | r->p[i];
	r->p += n;
	*v = sum;
	return 0;
}

int reader_u8(struct reader *r, uint8_t *v)
{
	uint64_t wide;
	int err = read_be(r, &wide, 1);

	if (!err)
		*v = (uint8_t)wide;
	return err;
}

int reader_u16(struct reader *r, uint16_t *v)
{
	uint64_t wide;
	int err = read_be(r, &wide, 2);

	if (!err)
		*v = (uint16_t)wide;
	return err;
}

int reader_u32(struct reader *r, uint32_t *v)
{
	uint64_t wide;
	int err = read_be(r, &wide, 4);

	if (!err)
		*v = (uint32_t)wide;
	return err;
}

int reader_u64(struct reader *r, uint64_t *v)
{
	return read_be(r, v, 8);
}

int reader_bytes(struct reader *r, const void **data, size_t n)
{
	if (reader_left(r) < n)
		return -EBADMSG;
	*data = r->p;
	r->p += n;
	return 0;
}
