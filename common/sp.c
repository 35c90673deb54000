/* Codec of the nanomsg SP protocols over a stream: hello, header, request id. */
#include "common/sp.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SP_MESSAGE    0x01
#define SP_ID_TOP_BIT 0x80000000u

void sp_hello_encode(enum sp_proto self, unsigned char out[SP_HELLO_LEN])
{
	const unsigned char hello[SP_HELLO_LEN] = {
		0, 'S', 'P', 0, (unsigned char)(self >> 8), (unsigned char)self, 0, 0,
	};

	memcpy(out, hello, sizeof(hello));
}

static enum sp_proto peer_of(enum sp_proto self)
{
	switch (self) {
	case SP_PUB:
		return SP_SUB;
	case SP_SUB:
		return SP_PUB;
	case SP_REQ:
		return SP_REP;
	case SP_REP:
		return SP_REQ;
	}
	assert(!"not a protocol");
	return self;
}

int sp_hello_check(enum sp_proto self, const unsigned char in[SP_HELLO_LEN])
{
	unsigned char expected[SP_HELLO_LEN];

	sp_hello_encode(peer_of(self), expected);
	return memcmp(in, expected, sizeof(expected)) == 0 ? 0 : -EPROTO;
}

/* Whether messages of this protocol begin with a request id. */
static bool has_id(enum sp_proto self)
{
	return self == SP_REQ || self == SP_REP;
}

int sp_message_add(struct buf *out, enum sp_proto self, uint32_t id, const void *body, size_t len)
{
	size_t payload = len + (has_id(self) ? SP_ID_LEN : 0);

	if (payload < len || payload > SIZE_MAX - SP_HEADER_LEN)
		return -ENOBUFS;

	/* All the room first, so that on an error nothing was added. */
	int err = buf_reserve(out, SP_HEADER_LEN + payload);

	if (!err)
		err = buf_add_u8(out, SP_MESSAGE);
	if (!err)
		err = buf_add_u64(out, payload);
	if (!err && has_id(self))
		err = buf_add_u32(out, id);
	if (!err)
		err = buf_add(out, body, len);
	return err;
}

/* The first bytes: 1 and *payload, or 0 while they are incomplete, or an error. */
static int parse_header(struct reader *r, size_t max, size_t *payload)
{
	uint8_t type;
	uint64_t length;

	if (reader_u8(r, &type))
		return 0;
	if (type != SP_MESSAGE)
		return -EPROTO;
	if (reader_u64(r, &length))
		return 0;
	if (length > max)
		return -EMSGSIZE;
	*payload = (size_t)length;
	return 1;
}

int sp_message_next(const void *data, size_t len, enum sp_proto self, size_t max,
		    struct sp_message *m)
{
	struct sp_message found = {0};
	struct reader r;
	size_t payload = 0;
	const void *body;

	reader_init(&r, data, len);

	int ret = parse_header(&r, max, &payload);

	if (ret <= 0)
		return ret;
	if (has_id(self) && payload < SP_ID_LEN)
		return -EPROTO;
	if (reader_left(&r) < payload)
		return 0;
	found.total = SP_HEADER_LEN + payload;
	if (has_id(self)) {
		/* Without the top bit it is the hop of a device: we are never behind one. */
		if (reader_u32(&r, &found.id) || !(found.id & SP_ID_TOP_BIT))
			return -EPROTO;
		payload -= SP_ID_LEN;
	}
	if (reader_bytes(&r, &body, payload))
		return -EPROTO;
	found.body = body;
	found.body_len = payload;
	*m = found;
	return 1;
}
