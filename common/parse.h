/* Text from people to values. Every function wants the whole string, checks the range, and writes only on success. */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only. Returns 0, -EINVAL for anything else, -ERANGE outside min..max. */
int parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *v);
int parse_int(const char *s, int64_t min, int64_t max, int64_t *v);
/* "1", "0", "true", "false", "yes", "no", "on", "off", any case. */
int parse_bool(const char *s, bool *v);
/* Bytes: "65536", "64k", "1m", "2g" (powers of 1024; any case, optional trailing "b" or "ib"). */
int parse_size(const char *s, uint64_t *bytes);
/* Seconds, as on the command line: "10", "0.5", "500ms", "2m". Result in milliseconds. */
int parse_seconds(const char *s, uint64_t *ms);

#endif
