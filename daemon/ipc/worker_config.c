/* A worker's configuration as "key\0value\0" pairs: one table says what both directions know. */
#include "daemon/ipc/worker_config.h"

#include "common/parse.h"
#include "daemon/ipc/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_TIMEOUT_MS 10000

enum field_type { FIELD_KIND, FIELD_BOOL, FIELD_U32, FIELD_U64, FIELD_STRING, FIELD_DETAIL };

struct field {
	const char *key;
	enum field_type type;
	size_t offset; /* in struct worker_config */
};

#define FIELD(key, type, member)                                  \
	{                                                         \
		key, type, offsetof(struct worker_config, member) \
	}

static const struct field fields[] = {
	FIELD("kind", FIELD_KIND, kind),
	FIELD("generation", FIELD_U64, generation),
	FIELD("slot", FIELD_U32, slot),
	FIELD("workers", FIELD_U32, workers),
	FIELD("listeners", FIELD_U32, listeners),
	FIELD("reload", FIELD_BOOL, reload),
	FIELD("access-log", FIELD_BOOL, access_log),
	FIELD("debug-errors", FIELD_BOOL, debug_errors),
	FIELD("drain-timeout-ms", FIELD_U64, drain_timeout_ms),
	FIELD("limit-body", FIELD_U64, limits.body_max),
	FIELD("limit-request-line", FIELD_U32, limits.request_line_max),
	FIELD("limit-header", FIELD_U32, limits.header_max),
	FIELD("limit-headers", FIELD_U32, limits.headers_max),
	FIELD("limit-head", FIELD_U32, limits.head_max),
	FIELD("max-connections", FIELD_U32, limits.connections_max),
	FIELD("limit-concurrency", FIELD_U32, limits.concurrency),
	FIELD("max-requests", FIELD_U64, limits.requests_max),
	FIELD("timeout-header-ms", FIELD_U64, limits.header_timeout_ms),
	FIELD("timeout-body-ms", FIELD_U64, limits.body_timeout_ms),
	FIELD("timeout-keep-alive-ms", FIELD_U64, limits.keep_alive_timeout_ms),
	FIELD("timeout-write-ms", FIELD_U64, limits.write_timeout_ms),
	FIELD("target", FIELD_STRING, target),
	FIELD("app-dir", FIELD_STRING, app_dir),
	FIELD("interface", FIELD_STRING, interface),
	FIELD("lifespan", FIELD_STRING, lifespan),
	FIELD("root-path", FIELD_STRING, root_path),
	FIELD("forwarded-allow-ips", FIELD_STRING, forwarded_allow_ips),
	FIELD("log-level", FIELD_STRING, log_level),
	FIELD("log-format", FIELD_STRING, log_format),
	FIELD("watch-roots", FIELD_STRING, watch_roots),
	FIELD("error-stage", FIELD_STRING, error_stage),
	FIELD("error-message", FIELD_STRING, error_message),
	FIELD("error-file", FIELD_STRING, error_file),
	FIELD("error-detail", FIELD_DETAIL, error_detail),
	FIELD("error-line", FIELD_U32, error_line),
};

static const char *const kinds[] = {
	[WORKER_APP] = "app",
	[WORKER_SITE] = "site",
	[WORKER_ERROR] = "error",
};

static void *member(const struct worker_config *c, const struct field *f)
{
	return (char *)c + f->offset;
}

static bool is_owned(const struct field *f)
{
	return f->type == FIELD_STRING || f->type == FIELD_DETAIL;
}

void worker_config_finish(struct worker_config *c)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (is_owned(&fields[i]))
			free(*(char **)member(c, &fields[i]));
	*c = (struct worker_config){0};
}

static int add_pair(struct buf *out, const char *key, const char *value)
{
	int err = buf_add(out, key, strlen(key) + 1);

	if (!err)
		err = buf_add(out, value, strlen(value) + 1);
	return err;
}

static int add_number(struct buf *out, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return add_pair(out, key, text);
}

static int add_field(struct buf *out, const struct field *f, const void *value)
{
	const char *s;

	switch (f->type) {
	case FIELD_KIND:
		return add_pair(out, f->key, kinds[*(const enum worker_kind *)value]);
	case FIELD_BOOL:
		return add_number(out, f->key, *(const bool *)value);
	case FIELD_U32:
		return add_number(out, f->key, *(const uint32_t *)value);
	case FIELD_U64:
		return add_number(out, f->key, *(const uint64_t *)value);
	case FIELD_STRING:
		s = *(char *const *)value;
		return s ? add_pair(out, f->key, s) : 0;
	case FIELD_DETAIL:
		s = *(char *const *)value;
		return s ? add_pair(out, f->key, worker_error_detail_tail(s)) : 0;
	}
	return -EINVAL;
}

int worker_config_encode(const struct worker_config *c, struct buf *out)
{
	size_t before = buf_len(out);

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		int err = add_field(out, &fields[i], member(c, &fields[i]));

		if (err)
			return err;
	}
	if (buf_len(out) - before > CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_LEN)
		return -EMSGSIZE;
	return 0;
}

static int read_kind(const char *text, enum worker_kind *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i], text) == 0) {
			*kind = (enum worker_kind)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_number(const char *text, uint64_t max, uint64_t *value)
{
	return parse_uint(text, 0, max, value) < 0 ? -EBADMSG : 0;
}

/* A key that comes twice counts the last time. */
static int read_string(const char *text, char **value)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*value);
	*value = copy;
	return 0;
}

static int read_field(const struct field *f, const char *text, void *value)
{
	uint64_t n = 0;
	int err = 0;

	switch (f->type) {
	case FIELD_KIND:
		return read_kind(text, value);
	case FIELD_BOOL:
		err = read_number(text, 1, &n);
		if (!err)
			*(bool *)value = n != 0;
		return err;
	case FIELD_U32:
		err = read_number(text, UINT32_MAX, &n);
		if (!err)
			*(uint32_t *)value = (uint32_t)n;
		return err;
	case FIELD_U64:
		return read_number(text, UINT64_MAX, value);
	case FIELD_STRING:
	case FIELD_DETAIL:
		return read_string(text, value);
	}
	return -EBADMSG;
}

static const struct field *find_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

/* The string at *at, which must end before `end`; *at moves behind it. NULL when it does not. */
static const char *next_string(const char **at, const char *end)
{
	const char *s = *at;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (nul)
		*at = nul + 1;
	return nul ? s : NULL;
}

static int read_pairs(const char *at, const char *end, struct worker_config *c, bool *has_kind)
{
	while (at < end) {
		const char *key = next_string(&at, end);
		const char *value = key ? next_string(&at, end) : NULL;
		const struct field *f;
		int err;

		if (!value)
			return -EBADMSG;
		f = find_field(key);
		if (!f)
			continue;
		err = read_field(f, value, member(c, f));
		if (err)
			return err;
		*has_kind |= f->type == FIELD_KIND;
	}
	return 0;
}

int worker_config_decode(const void *data, size_t len, struct worker_config *c)
{
	struct worker_config got = {.workers = 1, .drain_timeout_ms = DRAIN_TIMEOUT_MS};
	bool has_kind = false;
	const char *text = data;
	int err;

	http_limits_default(&got.limits);
	err = len > 0 ? read_pairs(text, text + len, &got, &has_kind) : 0;
	if (!err && !has_kind)
		err = -EBADMSG;
	if (err) {
		worker_config_finish(&got);
		return err;
	}
	*c = got;
	return 0;
}
