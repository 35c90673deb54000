/* What a client says to a site: no path leads out, no range leads beyond the file's end. */
#include "daemon/worker/conditional.h"
#include "daemon/worker/error_report.h"
#include "daemon/worker/escape.h"
#include "daemon/worker/http_date.h"
#include "daemon/worker/range.h"
#include "daemon/worker/urlpath.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static void expect_segment(const char *s, size_t len, bool first)
{
	expect(len > 0);
	expect(s[0] != '.' || (first && len == 11 && memcmp(s, ".well-known", len) == 0));
}

static void fuzz_path(const char *data, size_t len)
{
	struct urlpath u;

	if (urlpath_decode(&u, data, len) < 0)
		return;
	expect(strlen(u.path) == u.len);
	for (const char *s = u.path; *s;) {
		size_t n = strcspn(s, "/");

		expect_segment(s, n, s == u.path);
		s += n;
		expect(*s == '\0' || s[1] != '\0');
		s += *s == '/';
	}
}

static void fuzz_range(const char *data, size_t len)
{
	static const uint64_t sizes[] = {0, 1, 10, 1u << 20, INT64_MAX};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct range r;

		if (range_parse(data, len, sizes[i], &r) != RANGE_PART)
			continue;
		expect(r.len > 0 && r.len <= sizes[i] && r.first <= sizes[i] - r.len);
	}
}

static void fuzz_conditions(const char *data, size_t len)
{
	static const char *const names[] = {"if-match", "if-none-match", "if-modified-since",
					    "if-unmodified-since", "if-range"};
	const struct validators v = {"\"1-2-3\"", 784111777, 1795000000};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct http_header h = {{names[i], strlen(names[i])}, {data, len}};

		conditional_check(&h, 1, &v);
		conditional_range_allowed(&h, 1, &v);
	}
	report_format_choose(data, len);
}

static void fuzz_escapes(const char *data, size_t len)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	expect(escape_html(&b, data, len) == 0);
	expect(!buf_len(&b) || !memchr(buf_data(&b), '<', buf_len(&b)));
	buf_consume(&b, buf_len(&b));
	expect(escape_json(&b, data, len) == 0 && escape_path(&b, data, len, false) == 0);
	buf_consume(&b, buf_len(&b));
	expect(escape_log(&b, data, len) == 0);
	for (size_t i = 0; i < buf_len(&b); i++)
		expect(buf_data(&b)[i] >= ' ' && buf_data(&b)[i] <= '~');
	buf_finish(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;

	fuzz_path(text, len);
	fuzz_range(text, len);
	fuzz_conditions(text, len);
	fuzz_escapes(text, len);
	return 0;
}
