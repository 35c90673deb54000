/*
 * Bodies from a peer: a decoder takes them or refuses them, and what it took is written back the
 * same.
 */
#include "daemon/ipc/channel.h"
#include "daemon/ipc/worker_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

/* Whether two encodings are the same bytes; both are emptied. */
static void expect_same(struct buf *a, struct buf *b)
{
	expect(buf_len(a) == buf_len(b));
	expect(buf_len(a) == 0 || memcmp(buf_data(a), buf_data(b), buf_len(a)) == 0);
	buf_finish(a);
	buf_finish(b);
}

static void fuzz_error(const void *data, size_t len, struct buf *first, struct buf *second)
{
	struct worker_error e;

	if (worker_error_decode(data, len, &e) < 0)
		return;
	expect(worker_error_encode(&e, first) == 0);
	worker_error_finish(&e);
	expect(worker_error_decode(buf_data(first), buf_len(first), &e) == 0);
	expect(worker_error_encode(&e, second) == 0);
	worker_error_finish(&e);
	expect_same(first, second);
}

static void fuzz_config(const void *data, size_t len, struct buf *first, struct buf *second)
{
	struct worker_config c;

	if (worker_config_decode(data, len, &c) < 0)
		return;
	if (worker_config_encode(&c, first) == 0) {
		worker_config_finish(&c);
		expect(worker_config_decode(buf_data(first), buf_len(first), &c) == 0);
		expect(worker_config_encode(&c, second) == 0);
		expect_same(first, second);
	}
	worker_config_finish(&c);
	buf_finish(first);
}

static void fuzz_conn(const void *data, size_t len, struct buf *first, struct buf *second)
{
	struct conn_record c;

	if (conn_record_decode(data, len, &c) < 0)
		return;
	if (conn_record_encode(&c, first) == 0) {
		expect(conn_record_decode(buf_data(first), buf_len(first), &c) == 0);
		expect(conn_record_encode(&c, second) == 0);
		expect_same(first, second);
	}
	buf_finish(first);
}

static void fuzz_stats(const void *data, size_t len, struct buf *first)
{
	struct worker_stats s;

	if (worker_stats_decode(data, len, &s) < 0)
		return;
	expect(worker_stats_encode(&s, first) == 0);
	expect(buf_len(first) <= len && memcmp(buf_data(first), data, buf_len(first)) == 0);
	buf_finish(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf first, second;

	buf_init(&first, SIZE_MAX);
	buf_init(&second, SIZE_MAX);
	fuzz_error(data, len, &first, &second);
	fuzz_config(data, len, &first, &second);
	fuzz_conn(data, len, &first, &second);
	fuzz_stats(data, len, &first);
	return 0;
}
