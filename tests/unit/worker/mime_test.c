/* Types of files by their names. */
#include "daemon/worker/mime.h"

#include "tests/support/unit.h"

TEST(the_suffix_decides)
{
	static const struct {
		const char *name, *type;
	} cases[] = {
		{"index.html", "text/html; charset=utf-8"},
		{"a.b.CSS", "text/css; charset=utf-8"},
		{"app.js", "text/javascript; charset=utf-8"},
		{"app.mjs", "text/javascript; charset=utf-8"},
		{"data.json", "application/json"},
		{"x.svg", "image/svg+xml"},
		{"x.PNG", "image/png"},
		{"x.wasm", "application/wasm"},
		{"x.woff2", "font/woff2"},
		{"x.woff", "font/woff"},
		{"x.7z", "application/x-7z-compressed"},
		{"x.zst", "application/zstd"},
		{"archive.tar.gz", "application/gzip"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(mime_type(cases[i].name), cases[i].type);
}

TEST(a_name_that_says_nothing_is_a_stream_of_bytes)
{
	static const char *const names[] = {"LICENSE",	 "",	    ".",   "x.",
					    "x.unknown", "x.htmlx", "html"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(mime_type(names[i]), "application/octet-stream");
}

/* A table out of order would lose some of its rows to the search. */
TEST(every_suffix_of_the_table_is_found)
{
	static const char *const known[] = {
		"7z",	       "aac",  "apng", "atom",	"avif",	 "bmp",	 "bz2", "c",	"cfg",
		"conf",	       "css",  "csv",  "epub",	"flac",	 "gif",	 "go",	"gz",	"h",
		"htm",	       "html", "ico",  "ics",	"ini",	 "jpeg", "jpg", "js",	"json",
		"jsonld",      "jxl",  "log",  "m4a",	"m4v",	 "map",	 "md",	"mjs",	"mov",
		"mp3",	       "mp4",  "oga",  "ogg",	"ogv",	 "opus", "otf", "pdf",	"png",
		"py",	       "rs",   "rss",  "rst",	"sh",	 "svg",	 "tar", "tif",	"tiff",
		"toml",	       "ts",   "ttf",  "txt",	"vtt",	 "wasm", "wav", "weba", "webm",
		"webmanifest", "webp", "woff", "woff2", "xhtml", "xml",	 "xz",	"yaml", "yml",
		"zip",	       "zst",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		char name[32] = "x.";

		for (size_t j = 0; known[i][j]; j++)
			name[j + 2] = known[i][j];
		assert_string_not_equal(mime_type(name), "application/octet-stream");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_suffix_decides),
		cmocka_unit_test(a_name_that_says_nothing_is_a_stream_of_bytes),
		cmocka_unit_test(every_suffix_of_the_table_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
