/* Exit statuses and tracebacks of other people's programs. */
#include "daemon/master/worker_failure.h"

#include "common/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Bytes of the line that is the message; the whole of it is in the detail. */
#define MESSAGE_MAX 500

char *worker_failure_describe(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exit status %d", WEXITSTATUS(status));
	return out;
}

/* `  File "x", line 3`: returns whether the line is one. */
static bool python_frame(const char *line, size_t len, struct worker_error *e)
{
	char file[1024];
	unsigned int number;
	char text[1200];

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	if (sscanf(text, " File \"%1023[^\"]\", line %u", file, &number) != 2)
		return false;
	free(e->file);
	e->file = strdup(file);
	e->line = number;
	return true;
}

/* `/x/y.js:3` or `file:///x/y.mjs:3` at the start of a line: Node says so first. */
static void node_place(const char *line, size_t len, struct worker_error *e)
{
	const char *colon = len ? memchr(line + 1, ':', len - 1) : NULL;

	if (len > 7 && strncmp(line, "file://", 7) == 0) {
		line += 7;
		len -= 7;
		colon = memchr(line, ':', len);
	}
	if (!colon || line[0] != '/' || !isdigit((unsigned char)colon[1]))
		return;
	for (const char *p = colon + 1; p < line + len; p++) {
		if (!isdigit((unsigned char)*p))
			return;
	}
	free(e->file);
	e->file = strndup(line, (size_t)(colon - line));
	e->line = (uint32_t)strtoul(colon + 1, NULL, 10);
}

/* The innermost frame that a traceback names, and the last line that says something. */
static void read_tail(const char *tail, struct worker_error *e, const char **last, size_t *last_len)
{
	*last = "";
	*last_len = 0;
	while (*tail) {
		size_t len = strcspn(tail, "\n");

		if (!python_frame(tail, len, e) && !e->file)
			node_place(tail, len, e);
		if (len && !isspace((unsigned char)tail[0])) {
			*last = tail;
			*last_len = len;
		}
		tail += len + (tail[len] == '\n');
	}
}

int worker_failure_make(int status, const char *tail, struct worker_error *e)
{
	struct worker_error made = {0};
	const char *last;
	size_t last_len;
	char what[96];

	read_tail(tail ? tail : "", &made, &last, &last_len);
	if (last_len > MESSAGE_MAX)
		last_len = MESSAGE_MAX;
	worker_failure_describe(status, what, sizeof(what));
	made.stage = strdup("boot");
	made.message = last_len ? str_printf("%.*s (%s)", (int)last_len, last, what)
				: str_printf("the worker ended before it was ready (%s)", what);
	made.detail = tail && *tail ? strdup(tail) : NULL;
	if (!made.stage || !made.message) {
		worker_error_finish(&made);
		return -ENOMEM;
	}
	*e = made;
	return 0;
}
