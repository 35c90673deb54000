/*
 * Codec of the nanomsg SP protocols over a stream (nanomsg rfc/sp-ipc-mapping-01, sp-request-reply-01):
 * pure, bytes in and bytes out.
 *
 *   hello    00 'S' 'P' 00  protocol:u16be  00 00                 each side sends one
 *   message  01  length:u64be  payload
 *   REQ/REP  payload = request id:u32be (top bit set), body       a reply carries the same id
 */
#ifndef COMMON_SP_H
#define COMMON_SP_H

#include "common/attr.h"
#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

#define SP_HELLO_LEN  8
#define SP_HEADER_LEN 9
#define SP_ID_LEN     4

enum sp_proto { SP_PUB = 0x20, SP_SUB = 0x21, SP_REQ = 0x30, SP_REP = 0x31 };

void sp_hello_encode(enum sp_proto self, unsigned char out[SP_HELLO_LEN]);
/* Whether `in` is a peer that `self` can talk to. Returns 0 or -EPROTO. */
int sp_hello_check(enum sp_proto self, const unsigned char in[SP_HELLO_LEN]) BB_NODISCARD;

/* Appends a message. With SP_REP the id is written before the body; SP_PUB has none. */
int sp_message_add(struct buf *out, enum sp_proto self, uint32_t id, const void *body,
		   size_t len) BB_NODISCARD;

struct sp_message {
	uint32_t id;	  /* REQ/REP only */
	const char *body; /* points into the buffer that was parsed */
	size_t body_len;
	size_t total; /* bytes to consume afterwards */
};

/*
 * Looks for one whole message at the front of data. Returns 1 and fills *m; 0: more bytes are
 * needed; -EMSGSIZE: longer than max; -EPROTO: not this protocol. Reads nothing beyond len.
 */
int sp_message_next(const void *data, size_t len, enum sp_proto self, size_t max,
		    struct sp_message *m) BB_NODISCARD;

#endif
