/*
 * The media type of a file, by the end of its name (IANA's registry of media types, and the
 * WHATWG's).
 */
#include "daemon/worker/mime.h"

#include "common/attr.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT(subtype) "text/" subtype "; charset=utf-8"

struct mime {
	const char *suffix;
	const char *type;
};

/* In the order of strcasecmp(3), for bsearch(3). */
static const struct mime types[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"apng", "image/apng"},
	{"atom", "application/atom+xml"},
	{"avif", "image/avif"},
	{"bmp", "image/bmp"},
	{"bz2", "application/x-bzip2"},
	{"c", TEXT("plain")},
	{"cfg", TEXT("plain")},
	{"conf", TEXT("plain")},
	{"css", TEXT("css")},
	{"csv", TEXT("csv")},
	{"epub", "application/epub+zip"},
	{"flac", "audio/flac"},
	{"gif", "image/gif"},
	{"go", TEXT("plain")},
	{"gz", "application/gzip"},
	{"h", TEXT("plain")},
	{"htm", TEXT("html")},
	{"html", TEXT("html")},
	{"ico", "image/x-icon"},
	{"ics", TEXT("calendar")},
	{"ini", TEXT("plain")},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", TEXT("javascript")},
	{"json", "application/json"},
	{"jsonld", "application/ld+json"},
	{"jxl", "image/jxl"},
	{"log", TEXT("plain")},
	{"m4a", "audio/mp4"},
	{"m4v", "video/mp4"},
	{"map", "application/json"},
	{"md", TEXT("markdown")},
	{"mjs", TEXT("javascript")},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"otf", "font/otf"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"py", TEXT("plain")},
	{"rs", TEXT("plain")},
	{"rss", "application/rss+xml"},
	{"rst", TEXT("plain")},
	{"sh", TEXT("plain")},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "application/toml"},
	{"ts", TEXT("plain")},
	{"ttf", "font/ttf"},
	{"txt", TEXT("plain")},
	{"vtt", TEXT("vtt")},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"weba", "audio/webm"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml"},
	{"xml", "application/xml"},
	{"xz", "application/x-xz"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

static int by_suffix(const void *key, const void *element)
{
	return strcasecmp(key, ((const struct mime *)element)->suffix);
}

const char *mime_type(const char *name)
{
	const char *dot = strrchr(name, '.');
	const struct mime *found = NULL;

	if (dot)
		found = bsearch(dot + 1, types, ARRAY_LEN(types), sizeof(types[0]), by_suffix);
	return found ? found->type : "application/octet-stream";
}
