/* A line split into words the way a shell does, without a shell. Pure. */
#ifndef DAEMON_CONFIG_WORDS_H
#define DAEMON_CONFIG_WORDS_H

#include "common/attr.h"
#include "common/str.h"

/*
 * Words are parted by blanks. 'single quotes' keep everything, "double quotes" everything but \" and \\, a
 * backslash outside keeps the next character. Nothing is expanded. Adds to *words. Returns 0; -EINVAL: a
 * quote is left open or the line ends in a backslash; -ENOMEM. On error *words may have grown.
 */
int words_split(const char *line, struct strv *words) BB_NODISCARD;

#endif
