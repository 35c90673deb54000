/* Patterns and paths of any kind: matching ends, and stays within its bytes. The first line is a path, the rest rules. */
#include "daemon/master/gitignore.h"

#include "daemon/master/gitignore_glob.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct gitignore *g, const char *path)
{
	struct gitignore_reason why;
	struct gitignore_glob glob;

	for (int is_dir = 0; is_dir < 2; is_dir++) {
		if (gitignore_match(g, path, is_dir, &why) == GITIGNORE_SILENT)
			continue;
		if (!gitignore_glob_init(&glob, why.text + (*why.text == '!'),
					 strlen(why.text) - (*why.text == '!')))
			abort(); /* a rule that can match nothing has matched */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	struct gitignore_glob glob;
	struct gitignore *g;
	char *path;

	if (!newline || newline == data || memchr(data, '\0', (size_t)(newline - data)))
		return 0;
	path = strndup((const char *)data, (size_t)(newline - data));
	g = gitignore_parse(newline + 1, size - (size_t)(newline + 1 - data));
	if (path && g)
		match(g, path);
	if (path && gitignore_glob_init(&glob, path, strlen(path)))
		(void)gitignore_glob_reaches(&glob, path);
	gitignore_destroy(g);
	free(path);
	return 0;
}
