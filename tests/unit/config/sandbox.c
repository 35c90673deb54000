/* A directory of its own for each test, which is the current one, and a clean environment. */
#include "tests/unit/config/sandbox.h"

#include "daemon/config/words.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No variable of ours, wherever the tests are run. */
static void clean_environment(void)
{
	for (size_t i = 0; environ[i];) {
		char name[256];
		size_t len = strcspn(environ[i], "=");

		if (strncmp(environ[i], "BLACKBULLD_", 11) != 0 || len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		unsetenv(name);
	}
}

int sandbox_enter(void **state)
{
	char dir[] = "/tmp/config_test.XXXXXX";

	clean_environment();
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	*state = realpath(dir, NULL);
	return *state ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st BB_UNUSED, int type BB_UNUSED,
			struct FTW *ftw BB_UNUSED)
{
	return remove(path);
}

int sandbox_leave(void **state)
{
	int rc = chdir("/");

	clean_environment();
	if (rc == 0)
		rc = nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return rc;
}

const char *sandbox_path(void **state)
{
	return *state;
}

void sandbox_mkdir(const char *path)
{
	char part[PATH_MAX];

	for (const char *p = path; *p; p++) {
		size_t len = (size_t)(p - path) + 1;

		if (p[1] != '/' && p[1] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		mkdir(part, 0755);
	}
}

void sandbox_write(const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	FILE *f;

	if (slash) {
		char dir[PATH_MAX];

		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		sandbox_mkdir(dir);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int load_line(struct config *c, struct config_error *e, const char *line)
{
	struct strv words = {0};
	enum config_action action;
	int rc;

	assert_int_equal(strv_add(&words, "blackbulld"), 0);
	assert_int_equal(words_split(line, &words), 0);
	rc = config_load(c, &action, (int)words.len, words.v, e);
	strv_finish(&words);
	return rc;
}

struct config sandbox_config(const char *words)
{
	struct config_error e = {.text = ""};
	struct config c;

	if (load_line(&c, &e, words) < 0)
		fail_msg("blackbulld %s: %s", words, e.text);
	return c;
}

void sandbox_refuses(const char *words, int status, const char *text)
{
	struct config_error e = {.text = ""};
	struct config c;

	if (load_line(&c, &e, words) == 0)
		fail_msg("blackbulld %s: is accepted", words);
	if (!strstr(e.text, text) || e.status != status)
		fail_msg("blackbulld %s: says \"%s\" with status %d, not \"%s\" with %d", words,
			 e.text, e.status, text, status);
}
