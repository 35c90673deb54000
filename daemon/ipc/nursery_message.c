/* The bodies of what the master, the nursery and the workers born from it tell each other. */
#include "daemon/ipc/nursery_message.h"

#include "daemon/ipc/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX \
	(64 * 1024) /* bytes; half of what a message may hold, so that several wait in a channel */

int texts_next(struct reader *r, const char **text, size_t *len)
{
	const void *bytes = NULL;
	uint32_t n = 0;

	if (reader_left(r) == 0)
		return 0;
	if (reader_u32(r, &n) < 0 || reader_bytes(r, &bytes, n) < 0)
		return -EBADMSG;
	*text = bytes;
	*len = n;
	return 1;
}

int texts_add(struct buf *texts, const char *text, size_t len)
{
	int err = len <= UINT32_MAX ? buf_reserve(texts, sizeof(uint32_t) + len) : -ENOBUFS;

	if (!err)
		err = buf_add_u32(texts, (uint32_t)len);
	if (!err && len > 0)
		err = buf_add(texts, text, len);
	return err;
}

/* Moves as many texts from r to the body as fit into one message. Returns 0 or -errno. */
static int fill_body(struct reader *r, struct buf *body)
{
	size_t before;

	do {
		struct reader ahead = *r;
		const char *text;
		size_t len;
		int rc = texts_next(&ahead, &text, &len);

		if (rc <= 0)
			return rc;
		before = buf_len(body);
		rc = texts_add(body, text, len);
		/* Alone in its body, a long one gets all the room that a message has. */
		if (rc == -ENOBUFS)
			return before > 1 ? 0 : -EMSGSIZE;
		if (rc < 0)
			return rc;
		*r = ahead;
	} while (buf_len(body) < BODY_MAX);
	return 0;
}

int texts_send(const void *texts, size_t len, uint8_t flags, texts_send_fn *send, void *arg)
{
	struct reader r;
	struct buf body;
	int err;

	reader_init(&r, texts, len);
	buf_init(&body, CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN);
	do {
		buf_consume(&body, buf_len(&body));
		err = buf_add_u8(&body, flags);
		if (!err)
			err = fill_body(&r, &body);
		if (!err && reader_left(&r) > 0)
			*buf_data(&body) = (char)(flags | MODULES_MORE);
		if (!err)
			err = send(arg, buf_data(&body), buf_len(&body));
	} while (!err && reader_left(&r) > 0);
	buf_finish(&body);
	return err;
}

int texts_receive(const void *data, size_t len, uint8_t *flags, const void **texts,
		  size_t *texts_len)
{
	struct reader r, check;
	uint8_t got = 0;
	const char *text;
	size_t n;
	int rc;

	reader_init(&r, data, len);
	if (reader_u8(&r, &got) < 0)
		return -EBADMSG;
	check = r;
	while ((rc = texts_next(&check, &text, &n)) == 1)
		;
	if (rc < 0)
		return rc;
	*flags = got;
	*texts = r.p;
	*texts_len = reader_left(&r);
	return 0;
}

int nursery_number_encode(uint32_t number, struct buf *out)
{
	return buf_add_u32(out, number);
}

int nursery_number_decode(const void *data, size_t len, uint32_t *number)
{
	struct reader r;

	reader_init(&r, data, len);
	return reader_u32(&r, number);
}

int nursery_spawn_encode(const struct nursery_spawn *s, struct buf *out)
{
	int err = buf_add_u64(out, s->token);

	return err ? err : buf_add_u32(out, s->master);
}

int nursery_spawn_decode(const void *data, size_t len, struct nursery_spawn *s)
{
	struct nursery_spawn got = {0};
	struct reader r;

	reader_init(&r, data, len);
	if (reader_u64(&r, &got.token) < 0 || reader_u32(&r, &got.master) < 0)
		return -EBADMSG;
	*s = got;
	return 0;
}

int nursery_refused_encode(uint64_t token, const char *why, struct buf *out)
{
	int err = buf_add_u64(out, token);

	return err ? err : texts_add(out, why, strlen(why));
}

/* The first text of r as a string. One that holds a NUL is no string of ours. */
static int take_string(struct reader *r, char **out)
{
	const char *text = NULL;
	size_t len = 0;

	if (texts_next(r, &text, &len) != 1 || memchr(text, '\0', len))
		return -EBADMSG;
	*out = strndup(text, len);
	return *out ? 0 : -ENOMEM;
}

int nursery_refused_decode(const void *data, size_t len, uint64_t *token, char **why)
{
	uint64_t number = 0;
	struct reader r;
	int err;

	reader_init(&r, data, len);
	err = reader_u64(&r, &number);
	if (!err)
		err = take_string(&r, why);
	if (!err)
		*token = number;
	return err;
}

int nursery_why_decode(const void *data, size_t len, char **why, struct reader *rest)
{
	reader_init(rest, data, len);
	return take_string(rest, why);
}
