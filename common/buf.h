/* A growable byte buffer with a hard cap; bytes are appended at the end and consumed at the front. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/attr.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *base;   /* allocation, NULL while empty and never used */
	size_t start; /* first unread byte */
	size_t end;   /* one past the last unread byte */
	size_t size;  /* bytes allocated */
	size_t max;   /* cap on unread bytes */
};

/* Allocates nothing. `max` bytes at most are held; SIZE_MAX for no cap. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer may be used again. Safe on a zeroed buffer. */
void buf_finish(struct buf *b);

static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}
static inline char *buf_data(const struct buf *b)
{
	return b->base ? b->base + b->start : NULL;
}

/* Makes room for n more bytes at buf_tail(). Returns 0, -ENOBUFS over the cap, -ENOMEM. */
int buf_reserve(struct buf *b, size_t n) BB_NODISCARD;
static inline char *buf_tail(const struct buf *b)
{
	return b->base ? b->base + b->end : NULL;
}
/* Room behind the data that is already allocated. */
static inline size_t buf_room(const struct buf *b)
{
	return b->size - b->end;
}
/* Says that n bytes were written at buf_tail(); n is at most buf_room(). */
void buf_commit(struct buf *b, size_t n);

/* Each returns 0, -ENOBUFS over the cap, -ENOMEM; on error nothing was added. */
int buf_add(struct buf *b, const void *data, size_t n) BB_NODISCARD;
int buf_add_str(struct buf *b, const char *s) BB_NODISCARD;
int buf_printf(struct buf *b, const char *fmt, ...) BB_PRINTF(2, 3) BB_NODISCARD;

/* Drops n bytes from the front; n is at most buf_len(). */
void buf_consume(struct buf *b, size_t n);
/* Gives unused memory back; frees all of it when the buffer is empty. */
void buf_trim(struct buf *b);

/* Integers in network byte order, for wire formats. Same returns as buf_add(). */
int buf_add_u8(struct buf *b, uint8_t v) BB_NODISCARD;
int buf_add_u16(struct buf *b, uint16_t v) BB_NODISCARD;
int buf_add_u32(struct buf *b, uint32_t v) BB_NODISCARD;
int buf_add_u64(struct buf *b, uint64_t v) BB_NODISCARD;

/* A bounds-checked reader over bytes that someone else owns. */
struct reader {
	const unsigned char *p;
	const unsigned char *end;
};

void reader_init(struct reader *r, const void *data, size_t len);
static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}
/* Each returns 0, or -EBADMSG when too few bytes are left (then *v is untouched). */
int reader_u8(struct reader *r, uint8_t *v) BB_NODISCARD;
int reader_u16(struct reader *r, uint16_t *v) BB_NODISCARD;
int reader_u32(struct reader *r, uint32_t *v) BB_NODISCARD;
int reader_u64(struct reader *r, uint64_t *v) BB_NODISCARD;
/* Points *data into the reader's bytes; nothing is copied. */
int reader_bytes(struct reader *r, const void **data, size_t n) BB_NODISCARD;

#endif
