/* Bytes of unknown origin into JSON strings, and JSON objects into lines of bounded length. */
#include "daemon/master/json_text.h"

#include "common/buf.h"
#include "common/hex.h"
#include "common/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Length of the UTF-8 sequence at s (RFC 3629), of which n bytes are there; 0 when it is none. */
static size_t sequence_len(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

char *text_clean(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	char *out = malloc(len * (sizeof(replacement) - 1) + 1);
	char *end = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t n = p[i] ? sequence_len(p + i, len - i) : 0;

		memcpy(end, n ? s + i : replacement, n ? n : sizeof(replacement) - 1);
		end += n ? n : sizeof(replacement) - 1;
		i += n ? n : 1;
	}
	*end = '\0';
	return out;
}

json_t *json_text(const char *s, size_t len)
{
	json_t *text = json_stringn(s, len);

	if (text)
		return text;

	char *clean = text_clean(s, len);

	text = clean ? json_string(clean) : NULL;
	free(clean);
	return text;
}

json_t *json_texts(const struct strv *strings)
{
	json_t *out = json_array();

	for (size_t i = 0; i < strings->len && out; i++) {
		if (json_array_append_new(out, json_text(strings->v[i], strlen(strings->v[i]))) <
		    0) {
			json_decref(out);
			out = NULL;
		}
	}
	return out;
}

json_t *json_bytes(const char *s)
{
	json_t *text = s ? json_string(s) : NULL;
	char *hex = s && !text ? hex_encode(s, strlen(s)) : NULL;

	if (hex)
		text = json_pack("{s:s}", "hex", hex);
	free(hex);
	return text;
}

char *json_bytes_value(const json_t *j)
{
	const char *hex = json_string_value(json_object_get(j, "hex"));
	char *s = NULL;
	struct buf b;

	if (json_is_string(j))
		return strdup(json_string_value(j));
	buf_init(&b, SIZE_MAX);
	if (hex && hex_decode(hex, &b) == 0)
		s = strndup(buf_len(&b) ? buf_data(&b) : "", buf_len(&b));
	buf_finish(&b);
	return s;
}

json_t *json_bytes_list(const struct strv *strings)
{
	json_t *out = json_array();

	for (size_t i = 0; i < strings->len && out; i++) {
		if (json_array_append_new(out, json_bytes(strings->v[i])) < 0) {
			json_decref(out);
			out = NULL;
		}
	}
	return out;
}

int json_bytes_values(const json_t *list, struct strv *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		char *s = json_bytes_value(one);
		int rc = s ? strv_add(out, s) : -EBADMSG;

		free(s);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* How much is left of an array or a string at each attempt. */
struct cut {
	size_t elements;
	size_t bytes;
};

static json_t *cut_string(const json_t *string, size_t bytes)
{
	size_t len = json_string_length(string);
	const char *s = json_string_value(string);

	s += len > bytes ? len - bytes : 0;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return json_stringn(s, len - (size_t)(s - json_string_value(string)));
}

static void cut_members(json_t *object, const struct cut *c);

/* Cuts what is inside `value`; returns what is to stand in its place, or NULL to leave it. */
static json_t *cut_value(json_t *value, const struct cut *c)
{
	size_t i;
	json_t *element;

	if (json_is_string(value))
		return json_string_length(value) > c->bytes ? cut_string(value, c->bytes) : NULL;
	if (json_is_object(value))
		cut_members(value, c);
	if (!json_is_array(value))
		return NULL;
	while (json_array_size(value) > c->elements)
		json_array_remove(value, json_array_size(value) - 1);
	json_array_foreach(value, i, element)
	{
		json_t *shorter = cut_value(element, c);

		if (shorter)
			json_array_set_new(value, i, shorter);
	}
	return NULL;
}

static void cut_members(json_t *object, const struct cut *c)
{
	for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
		json_t *shorter = cut_value(json_object_iter_value(it), c);

		if (shorter)
			json_object_iter_set_new(object, it, shorter);
	}
}

char *json_line(json_t *object, size_t max)
{
	static const struct cut cuts[] = {{64, 4096}, {16, 512}, {4, 64}};
	char *line = json_dumps(object, JSON_TEXT_FLAGS);

	for (size_t i = 0; line && strlen(line) > max; i++) {
		free(line);
		if (i == ARRAY_LEN(cuts))
			return NULL;
		cut_members(object, &cuts[i]);
		json_object_set_new(object, "truncated", json_true());
		line = json_dumps(object, JSON_TEXT_FLAGS);
	}
	return line;
}
