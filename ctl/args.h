/* Options and words of a command line, checked against tables. Pure: reads argv, prints nothing. */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

/* A table of these ends with a zeroed one. */
struct arg_option {
	char letter;	   /* 0: none */
	const char *name;  /* "wait", without the dashes */
	const char *value; /* what --help calls it: "SOCKET"; NULL: takes none */
	const char *help;
};

struct arg_given {
	const struct arg_option *option;
	const char *value;
};

/* Points into argv; zeroed is empty. */
struct args {
	const char **words; /* the command and its arguments */
	size_t n_words;
	struct arg_given *given; /* in the order of the command line */
	size_t n_given;
};

/* The own options of the command that `word` names; NULL when there are none. */
typedef const struct arg_option *args_options_fn(const char *word);

/*
 * Reads argv (without the program's name, NULL-terminated). `global` is known everywhere, what
 * `options` returns for the first word is known behind it; "--" ends the options. Reads on behind
 * a mistake, so that the caller knows all the rest (whether to answer in JSON, say).
 * Returns 0, -ENOMEM, or -EINVAL with the first mistake in `error`. args_finish() is due in any case.
 */
int args_parse(struct args *a, char *const argv[], const struct arg_option *global,
	       args_options_fn *options, char *error, size_t error_size) BB_NODISCARD;
void args_finish(struct args *a);

bool args_has(const struct args *a, const char *name);
/* The last value given for this option, else `otherwise`. */
const char *args_value(const struct args *a, const char *name, const char *otherwise);

#endif
