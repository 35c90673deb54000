/* Any bytes at all into the SP parser: it stays inside them, and what it accepts it would write the same way. */
#include "common/sp.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was parsed, written again, is what was read. */
static void check_round_trip(const char *wire, const struct sp_message *m, enum sp_proto self)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	if (sp_message_add(&b, self, m->id, m->body, m->body_len) || buf_len(&b) != m->total ||
	    memcmp(buf_data(&b), wire, m->total) != 0)
		abort();
	buf_finish(&b);
}

/* A whole stream, message by message, as a connection would. */
static void parse_stream(const char *data, size_t size, enum sp_proto self)
{
	struct sp_message m;

	while (sp_message_next(data, size, self, MESSAGE_MAX, &m) == 1) {
		if (m.total > size || m.body < data || m.body + m.body_len > data + size ||
		    m.body_len > MESSAGE_MAX)
			abort();
		check_round_trip(data, &m, self);
		data += m.total;
		size -= m.total;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= SP_HELLO_LEN && sp_hello_check(SP_REP, data) == 0) {
		unsigned char hello[SP_HELLO_LEN];

		sp_hello_encode(SP_REQ, hello);
		if (memcmp(hello, data, sizeof(hello)) != 0)
			abort();
	}
	parse_stream((const char *)data, size, SP_REP);
	parse_stream((const char *)data, size, SP_SUB);
	return 0;
}
