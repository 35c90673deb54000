/* Bytes as lower-case hexadecimal digits, for carrying them in JSON. */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include "common/attr.h"
#include "common/buf.h"

#include <stddef.h>

/* Allocated and NUL-terminated; NULL when memory runs out. */
char *hex_encode(const void *data, size_t len) BB_NODISCARD;
/* Appends the bytes. Returns 0, -EINVAL for anything but pairs of digits (then nothing was added), -ENOMEM. */
int hex_decode(const char *hex, struct buf *out) BB_NODISCARD;

#endif
