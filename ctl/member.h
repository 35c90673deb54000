/* Members of JSON objects that may be absent, or of another type: then the value is what the caller likes. */
#ifndef CTL_MEMBER_H
#define CTL_MEMBER_H

#include <jansson.h>

static inline const char *member_string(const json_t *object, const char *key,
					const char *otherwise)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : otherwise;
}

/* 0 when it is none. */
static inline json_int_t member_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

#endif
