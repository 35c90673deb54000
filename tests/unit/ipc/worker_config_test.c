/* A worker's configuration: what one build writes, another one reads. */
#include "daemon/ipc/worker_config.h"

#include "daemon/ipc/channel.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct worker_config sample(void)
{
	struct worker_config c = {
		.kind = WORKER_ERROR,
		.generation = 1ull << 40,
		.slot = 3,
		.workers = 4,
		.listeners = 2,
		.reload = true,
		.access_log = true,
		.debug_errors = true,
		.drain_timeout_ms = 1500,
		.limits = {1ull << 33, 2, 3, 4, 5, 6, 7, 1ull << 34, 9, 10, 11, 12},
		.target = strdup("main:app"),
		.app_dir = strdup("/srv/app=1"),
		.interface = strdup("asgi"),
		.lifespan = strdup("auto"),
		.root_path = strdup(""),
		.forwarded_allow_ips = strdup("10.0.0.0/8"),
		.log_level = strdup("debug"),
		.log_format = strdup("json"),
		.watch_roots = strdup("/srv:/lib"),
		.error_stage = strdup("import"),
		.error_message = strdup("SyntaxError"),
		.error_file = strdup("/srv/main.py"),
		.error_detail = strdup("Traceback\n"),
		.error_line = 12,
	};

	return c;
}

static void assert_same_strings(const struct worker_config *a, const struct worker_config *b)
{
	assert_string_equal(a->target, b->target);
	assert_string_equal(a->app_dir, b->app_dir);
	assert_string_equal(a->interface, b->interface);
	assert_string_equal(a->lifespan, b->lifespan);
	assert_string_equal(a->root_path, b->root_path);
	assert_string_equal(a->forwarded_allow_ips, b->forwarded_allow_ips);
	assert_string_equal(a->log_level, b->log_level);
	assert_string_equal(a->log_format, b->log_format);
	assert_string_equal(a->watch_roots, b->watch_roots);
	assert_string_equal(a->error_stage, b->error_stage);
	assert_string_equal(a->error_message, b->error_message);
	assert_string_equal(a->error_file, b->error_file);
	assert_string_equal(a->error_detail, b->error_detail);
}

static void assert_same_numbers(const struct worker_config *a, const struct worker_config *b)
{
	const struct http_limits *l = &a->limits, *m = &b->limits;

	assert_int_equal(a->kind, b->kind);
	assert_true(a->generation == b->generation);
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->workers, b->workers);
	assert_int_equal(a->listeners, b->listeners);
	assert_int_equal(a->reload, b->reload);
	assert_int_equal(a->access_log, b->access_log);
	assert_int_equal(a->debug_errors, b->debug_errors);
	assert_true(a->drain_timeout_ms == b->drain_timeout_ms);
	assert_int_equal(a->error_line, b->error_line);
	assert_true(l->body_max == m->body_max && l->request_line_max == m->request_line_max);
	assert_true(l->header_max == m->header_max && l->headers_max == m->headers_max);
	assert_true(l->head_max == m->head_max && l->connections_max == m->connections_max);
	assert_true(l->concurrency == m->concurrency && l->requests_max == m->requests_max);
	assert_true(l->header_timeout_ms == m->header_timeout_ms);
	assert_true(l->body_timeout_ms == m->body_timeout_ms);
	assert_true(l->keep_alive_timeout_ms == m->keep_alive_timeout_ms);
	assert_true(l->write_timeout_ms == m->write_timeout_ms);
}

TEST(every_field_survives_the_trip)
{
	struct worker_config c = sample(), got;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(worker_config_encode(&c, &b), 0);
	assert_int_equal(worker_config_decode(buf_data(&b), buf_len(&b), &got), 0);
	assert_same_numbers(&c, &got);
	assert_same_strings(&c, &got);
	worker_config_finish(&got);
	worker_config_finish(&c);
	buf_finish(&b);
}

TEST(a_cut_one_is_refused_or_lacks_only_whole_pairs)
{
	struct worker_config c = sample(), got;
	struct buf b;
	size_t nuls = 0;

	buf_init(&b, SIZE_MAX);
	assert_int_equal(worker_config_encode(&c, &b), 0);
	for (size_t len = 0; len < buf_len(&b); len++) {
		bool whole;
		char *copy = malloc(len + 1);

		nuls += len > 0 && buf_data(&b)[len - 1] == '\0';
		whole = len > 0 && buf_data(&b)[len - 1] == '\0' && nuls % 2 == 0;
		memcpy(copy, buf_data(&b), len);
		assert_int_equal(worker_config_decode(copy, len, &got), whole ? 0 : -EBADMSG);
		if (whole)
			worker_config_finish(&got);
		free(copy);
	}
	worker_config_finish(&c);
	buf_finish(&b);
}

TEST(what_is_missing_has_its_default)
{
	static const char text[] = "kind\0site";
	struct worker_config c;
	struct http_limits defaults;

	assert_int_equal(worker_config_decode(text, sizeof(text), &c), 0);
	assert_int_equal(c.kind, WORKER_SITE);
	assert_int_equal(c.workers, 1);
	assert_int_equal(c.drain_timeout_ms, 10000);
	assert_null(c.target);
	http_limits_default(&defaults);
	assert_int_equal(c.limits.head_max, defaults.head_max);
	assert_true(c.limits.body_max == defaults.body_max);
	worker_config_finish(&c);
}

TEST(unknown_keys_of_a_newer_build_are_skipped)
{
	static const char text[] = "colour\0blue\0kind\0app\0speed\0\0target\0a:b";
	struct worker_config c;

	assert_int_equal(worker_config_decode(text, sizeof(text), &c), 0);
	assert_int_equal(c.kind, WORKER_APP);
	assert_string_equal(c.target, "a:b");
	worker_config_finish(&c);
}

TEST(a_repeated_key_counts_the_last_time)
{
	static const char text[] = "kind\0app\0target\0a:b\0target\0c:d\0kind\0error";
	struct worker_config c;

	assert_int_equal(worker_config_decode(text, sizeof(text), &c), 0);
	assert_int_equal(c.kind, WORKER_ERROR);
	assert_string_equal(c.target, "c:d");
	worker_config_finish(&c);
}

TEST(bad_values_are_refused)
{
#define BAD(s)               \
	{                    \
		s, sizeof(s) \
	}
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		BAD("kind\0robot"),
		BAD("target\0a:b"),
		BAD("kind\0app\0slot\0-1"),
		BAD("kind\0app\0slot\0"
		    "4294967296"),
		BAD("kind\0app\0slot\0"),
		BAD("kind\0app\0reload\0"
		    "2"),
		BAD("kind\0app\0generation\0"
		    "18446744073709551616"),
		BAD("kind\0app\0lonely"),
	};
	struct worker_config c = {.slot = 99};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(worker_config_decode(bad[i].text, bad[i].len, &c), -EBADMSG);
	assert_int_equal(worker_config_decode(NULL, 0, &c), -EBADMSG);
	assert_int_equal(c.slot, 99);
}

TEST(a_huge_traceback_is_cut_and_a_huge_option_is_refused)
{
	struct worker_config c = {.kind = WORKER_ERROR}, got;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	c.error_detail = calloc(1, 300001);
	memset(c.error_detail, 'x', 300000);
	strcpy(c.error_detail + 299990, "the cause");
	assert_int_equal(worker_config_encode(&c, &b), 0);
	assert_int_equal(worker_config_decode(buf_data(&b), buf_len(&b), &got), 0);
	assert_int_equal(strlen(got.error_detail), WORKER_ERROR_DETAIL_MAX);
	assert_string_equal(got.error_detail + WORKER_ERROR_DETAIL_MAX - 9, "the cause");
	worker_config_finish(&got);

	buf_consume(&b, buf_len(&b));
	c.watch_roots = strdup(c.error_detail);
	assert_int_equal(worker_config_encode(&c, &b), -EMSGSIZE);
	worker_config_finish(&c);
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_survives_the_trip),
		cmocka_unit_test(a_cut_one_is_refused_or_lacks_only_whole_pairs),
		cmocka_unit_test(what_is_missing_has_its_default),
		cmocka_unit_test(unknown_keys_of_a_newer_build_are_skipped),
		cmocka_unit_test(a_repeated_key_counts_the_last_time),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(a_huge_traceback_is_cut_and_a_huge_option_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
