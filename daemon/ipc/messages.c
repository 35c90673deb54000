/*
 * Bodies of the channel's messages. Each may grow at its end: a decoder ignores what it does not
 * know.
 */
#include "daemon/ipc/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STRING_ABSENT UINT32_MAX
#define LINE_MAX_LEN  4096 /* bytes of a string that is one line or a path */

/* Cutting text must not leave half a character, which is no UTF-8 and so no JSON. */
static bool in_character(const char *s, size_t at)
{
	return ((unsigned char)s[at] & 0xc0) == 0x80;
}

/* The beginning of s, at most max bytes. */
static size_t head_len(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len <= max)
		return len;
	for (len = max; len > 0 && in_character(s, len); len--)
		;
	return len;
}

const char *worker_error_detail_tail(const char *detail)
{
	size_t len = strlen(detail), from;

	if (len <= WORKER_ERROR_DETAIL_MAX)
		return detail;
	for (from = len - WORKER_ERROR_DETAIL_MAX; from < len && in_character(detail, from); from++)
		;
	return detail + from;
}

static int add_string(struct buf *out, const char *s, size_t len)
{
	int err = buf_add_u32(out, s ? (uint32_t)len : STRING_ABSENT);

	if (!err && s && len > 0)
		err = buf_add(out, s, len);
	return err;
}

static int add_line(struct buf *out, const char *s)
{
	return add_string(out, s, s ? head_len(s, LINE_MAX_LEN) : 0);
}

/* A string that holds a NUL is no string of ours. */
static int read_string(struct reader *r, char **s)
{
	const void *data = NULL;
	uint32_t len = 0;

	if (reader_u32(r, &len) < 0)
		return -EBADMSG;
	if (len == STRING_ABSENT)
		return 0;
	if (reader_bytes(r, &data, len) < 0 || memchr(data, '\0', len))
		return -EBADMSG;
	*s = strndup(data, len);
	return *s ? 0 : -ENOMEM;
}

void worker_error_finish(struct worker_error *e)
{
	free(e->stage);
	free(e->message);
	free(e->file);
	free(e->detail);
	*e = (struct worker_error){0};
}

int worker_error_encode(const struct worker_error *e, struct buf *out)
{
	const char *detail = e->detail ? worker_error_detail_tail(e->detail) : NULL;
	int err = add_line(out, e->stage);

	if (!err)
		err = add_line(out, e->message);
	if (!err)
		err = add_line(out, e->file);
	if (!err)
		err = add_string(out, detail, detail ? strlen(detail) : 0);
	if (!err)
		err = buf_add_u32(out, e->line);
	return err;
}

int worker_error_decode(const void *data, size_t len, struct worker_error *e)
{
	struct worker_error got = {0};
	struct reader r;
	int err;

	reader_init(&r, data, len);
	err = read_string(&r, &got.stage);
	if (!err)
		err = read_string(&r, &got.message);
	if (!err)
		err = read_string(&r, &got.file);
	if (!err)
		err = read_string(&r, &got.detail);
	if (!err)
		err = reader_u32(&r, &got.line);
	if (err) {
		worker_error_finish(&got);
		return err;
	}
	*e = got;
	return 0;
}

int worker_stats_encode(const struct worker_stats *s, struct buf *out)
{
	int err = buf_add_u64(out, s->requests);

	if (!err)
		err = buf_add_u64(out, s->accepted);
	if (!err)
		err = buf_add_u32(out, s->connections);
	if (!err)
		err = buf_add_u32(out, s->active);
	return err;
}

int worker_stats_decode(const void *data, size_t len, struct worker_stats *s)
{
	struct worker_stats got = {0};
	struct reader r;
	int err;

	reader_init(&r, data, len);
	err = reader_u64(&r, &got.requests);
	if (!err)
		err = reader_u64(&r, &got.accepted);
	if (!err)
		err = reader_u32(&r, &got.connections);
	if (!err)
		err = reader_u32(&r, &got.active);
	if (!err)
		*s = got;
	return err;
}

int conn_record_encode(const struct conn_record *c, struct buf *out)
{
	int err;

	if (c->pending_len > CONN_PENDING_MAX)
		return -EMSGSIZE;
	err = buf_add_u32(out, c->listener);
	if (!err)
		err = buf_add_u32(out, c->requests);
	if (!err)
		err = add_string(out, c->peer, strnlen(c->peer, sizeof(c->peer) - 1));
	if (!err)
		err = buf_add_u32(out, (uint32_t)c->pending_len);
	if (!err && c->pending_len > 0)
		err = buf_add(out, c->pending, c->pending_len);
	return err;
}

/* The address of the peer, in the record's own memory. */
static int read_peer(struct reader *r, struct conn_record *c)
{
	const void *peer = NULL;
	uint32_t len = 0;

	if (reader_u32(r, &len) < 0 || len >= sizeof(c->peer) || reader_bytes(r, &peer, len) < 0 ||
	    memchr(peer, '\0', len))
		return -EBADMSG;
	memcpy(c->peer, peer, len);
	return 0;
}

int conn_record_decode(const void *data, size_t len, struct conn_record *c)
{
	struct conn_record got = {0};
	struct reader r;
	uint32_t pending = 0;
	int err;

	reader_init(&r, data, len);
	err = reader_u32(&r, &got.listener);
	if (!err)
		err = reader_u32(&r, &got.requests);
	if (!err)
		err = read_peer(&r, &got);
	if (!err)
		err = reader_u32(&r, &pending);
	if (!err)
		err = reader_bytes(&r, &got.pending, pending);
	if (err)
		return err;
	got.pending_len = pending;
	*c = got;
	return 0;
}
