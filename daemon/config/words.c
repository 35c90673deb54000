/* A line split into words the way a shell does, without a shell. */
#include "daemon/config/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* Copies one word from *in to out, without its quotes, and moves *in behind it. */
static int take_word(const char **in, char *out)
{
	const char *p = *in;
	char quote = '\0';

	for (; *p && (quote || !strchr(BLANKS, *p)); p++) {
		bool escapes = quote == '\0' || (quote == '"' && (p[1] == '"' || p[1] == '\\'));

		if (*p == '\\' && escapes) {
			if (*++p == '\0')
				return -EINVAL;
			*out++ = *p;
		} else if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	*in = p;
	return quote ? -EINVAL : 0;
}

int words_split(const char *line, struct strv *words)
{
	char *word = malloc(strlen(line) + 1); /* no word is longer than the line */
	int rc = word ? 0 : -ENOMEM;

	for (line += strspn(line, BLANKS); !rc && *line; line += strspn(line, BLANKS)) {
		rc = take_word(&line, word);
		if (!rc)
			rc = strv_add(words, word);
	}
	free(word);
	return rc;
}
