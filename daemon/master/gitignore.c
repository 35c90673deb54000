/* One .gitignore file: parsing its lines, and asking them from the last to the first. */
#include "daemon/master/gitignore.h"

#include "common/path.h"
#include "daemon/master/gitignore_glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* that some editors put before UTF-8 */

struct rule {
	struct gitignore_glob glob;
	const char *text;
	unsigned line;
	bool kept;
};

struct gitignore {
	char *text; /* the file, each line terminated */
	struct rule *rules;
	size_t count;
};

/* Blanks at the end of a line do not count unless a backslash stands before the first of them. */
static size_t trimmed_length(const char *line)
{
	size_t kept = 0;

	for (size_t i = 0; line[i] != '\0'; i++) {
		if (line[i] == '\\' && line[i + 1] != '\0')
			i++;
		else if (line[i] == ' ')
			continue;
		kept = i + 1;
	}
	return kept;
}

static bool parse_line(struct rule *r, char *line, unsigned number)
{
	const char *p = line;

	if (*p == '#')
		return false;
	line[trimmed_length(line)] = '\0';
	r->text = line;
	r->line = number;
	r->kept = *p == '!';
	if (r->kept)
		p++;
	return gitignore_glob_init(&r->glob, p, strlen(p));
}

/* Ends the line at `p` by a NUL, the carriage return before its newline too. Returns where the next one begins. */
static char *end_line(char *p, char *end)
{
	char *newline = memchr(p, '\n', (size_t)(end - p));

	if (!newline)
		newline = end;
	*newline = '\0';
	if (newline > p && newline[-1] == '\r')
		newline[-1] = '\0';
	return newline < end ? newline + 1 : end;
}

static size_t count_lines(const char *p, const char *end)
{
	size_t n = 1;

	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

static int parse_lines(struct gitignore *g, size_t len)
{
	char *p = g->text, *end = g->text + len;
	unsigned number = 0;

	g->rules = calloc(count_lines(p, end), sizeof(*g->rules));
	if (!g->rules)
		return -ENOMEM;
	if (len >= 3 && memcmp(p, BYTE_ORDER_MARK, 3) == 0)
		p += 3;
	while (p < end) {
		char *line = p;

		p = end_line(p, end);
		if (parse_line(&g->rules[g->count], line, ++number))
			g->count++;
	}
	return 0;
}

struct gitignore *gitignore_parse(const void *text, size_t len)
{
	struct gitignore *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->text = malloc(len + 1);
	if (g->text && len > 0)
		memcpy(g->text, text, len);
	if (!g->text || parse_lines(g, len)) {
		gitignore_destroy(g);
		return NULL;
	}
	return g;
}

void gitignore_destroy(struct gitignore *g)
{
	if (!g)
		return;
	free(g->rules);
	free(g->text);
	free(g);
}

enum gitignore_verdict gitignore_match(const struct gitignore *g, const char *path, bool is_dir,
				       struct gitignore_reason *why)
{
	const char *name = path_basename(path);

	for (size_t i = g->count; i-- > 0;) {
		const struct rule *r = &g->rules[i];

		if (!gitignore_glob_match(&r->glob, path, name, is_dir))
			continue;
		if (why)
			*why = (struct gitignore_reason){r->text, r->line};
		return r->kept ? GITIGNORE_KEPT : GITIGNORE_IGNORED;
	}
	return GITIGNORE_SILENT;
}
