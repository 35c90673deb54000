/* Compiler attributes and the few macros that every layer uses. */
#ifndef COMMON_ATTR_H
#define COMMON_ATTR_H

#include <stddef.h>

#define BB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define BB_NODISCARD	     __attribute__((warn_unused_result))
#define BB_UNUSED	     __attribute__((unused))
#define BB_NORETURN	     __attribute__((noreturn))

#define ARRAY_LEN(a)	     (sizeof(a) / sizeof((a)[0]))

/* The structure of `type` whose member `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
