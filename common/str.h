/* Strings: growable vectors of them, prefixes, copies, and the nearest word. */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

/* A vector of owned strings; `v` is NULL-terminated once anything was added. */
struct strv {
	char **v;
	size_t len;
};

/* A zeroed strv is empty and valid. */
void strv_finish(struct strv *s);
/* Copies s. Returns 0 or -ENOMEM. */
int strv_add(struct strv *s, const char *str) BB_NODISCARD;
/* The same, and nothing if it is there already. */
int strv_add_unique(struct strv *s, const char *str) BB_NODISCARD;
int strv_copy(struct strv *dst, const struct strv *src) BB_NODISCARD;
bool strv_contains(const struct strv *s, const char *str);
/* Removes the first equal string. Returns false when there is none. */
bool strv_remove(struct strv *s, const char *str);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* Copies with termination. Returns 0, or -ENAMETOOLONG when it does not fit (then dst is ""). */
int str_copy(char *dst, size_t size, const char *src) BB_NODISCARD;
/* Allocates. NULL when memory runs out. */
char *str_printf(const char *fmt, ...) BB_PRINTF(1, 2) BB_NODISCARD;

/* The candidate nearest to `word` by edit distance, if near enough to be a typing error, else NULL. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);

#endif
