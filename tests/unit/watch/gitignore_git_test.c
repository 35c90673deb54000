/* Random .gitignore files, nested, over one tree: for every file the filter says what git itself says. */
#include "daemon/master/filter.h"
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_DEFAULT 40

static const char *const files[] = {
	"a",	       "b",	"a.py",	    "b.py",	 "ab.py",    "x/a",
	"x/b.py",      "z/a/b", "z/a/a.py", "x/y/a",	 "x/y/b.py", "x/y/z/b",
	"x/y/ab/b.py", "ab/a",	"ab/b.py",  "ab/x/a.py", "b.d/a",    "b.d/x/b.c",
	"c/[a].py",    "c/#a",	"c/!a",	    "c/x/y/z.c", "y/a b",    "y/a.py.py",
};
static const char *const folders[] = {"", "x/", "x/y/"};
static const char *const pieces[] = {
	"a",	"b",	 "x",	"y",  "ab",  "*", "**", "?", "[ab]",
	"[!a]", "[a-x]", ".py", ".c", "\\a", " ", "/",	"/", "/",
};

/* Small and always the same for a seed, on any machine. */
static unsigned roll(unsigned *seed, size_t n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % (unsigned)n;
}

static void make_rules(unsigned *seed, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned line = roll(seed, 4) + 1; line > 0; line--) {
		if (roll(seed, 3) == 0)
			len += (size_t)snprintf(out + len, size - len, "!");
		for (unsigned n = roll(seed, 5) + 1; n > 0; n--)
			len += (size_t)snprintf(out + len, size - len, "%s",
						pieces[roll(seed, ARRAY_LEN(pieces))]);
		len += (size_t)snprintf(out + len, size - len, "\n");
	}
}

static bool git_is_there(void)
{
	return system("git --version >/dev/null 2>&1") == 0;
}

/* Those of `files` that git ignores. */
static void ask_git(struct place *p, bool ignored[ARRAY_LEN(files)])
{
	char command[PATH_MAX], line[256];

	snprintf(command, sizeof(command),
		 "cd %s && git ls-files -z --cached --others --ignored "
		 "--exclude-per-directory=.gitignore",
		 p->dir);
	memset(ignored, 0, ARRAY_LEN(files) * sizeof(*ignored));

	FILE *in = popen(command, "re");
	size_t len = 0;

	assert_non_null(in);
	for (int c; (c = getc(in)) != EOF;) {
		line[len++] = (char)c;
		if (c != '\0')
			continue;
		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			ignored[i] |= strcmp(files[i], line) == 0;
		len = 0;
	}
	assert_int_equal(pclose(in), 0);
}

static void check_round(struct place *p, unsigned seed)
{
	bool ignored[ARRAY_LEN(files)];
	char rules[ARRAY_LEN(folders)][256];
	struct filter *f;

	assert_int_equal(filter_create(&f, NULL, NULL, NULL), 0);
	assert_int_equal(filter_set_repository(f, p->dir), 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char name[64];

		make_rules(&seed, rules[i], sizeof(rules[i]));
		snprintf(name, sizeof(name), "%s.gitignore", folders[i]);
		place_write(p, name, rules[i]);
		snprintf(name, sizeof(name), "%.*s", (int)strlen(folders[i]) - 1, folders[i]);
		assert_int_equal(filter_set_rules(f, place_path(p, i ? name : ""), FILTER_GITIGNORE,
						  rules[i], strlen(rules[i])),
				 0);
	}
	ask_git(p, ignored);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct filter_why why;

		if (filter_explain(f, place_path(p, files[i]), strlen(p->dir), &why) == !ignored[i])
			continue;
		for (size_t j = 0; j < ARRAY_LEN(folders); j++)
			print_error("%s.gitignore:\n%s", folders[j], rules[j]);
		fail_msg("\"%s\": git %s it, we say: %s", files[i],
			 ignored[i] ? "ignores" : "keeps", why.rule);
	}
	filter_destroy(f);
}

TEST(the_filter_agrees_with_git)
{
	const char *rounds = getenv("BB_WATCH_ROUNDS");
	unsigned n = rounds ? (unsigned)strtoul(rounds, NULL, 10) : ROUNDS_DEFAULT;
	struct place p;

	if (!git_is_there())
		skip();
	place_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char dir[64];

		snprintf(dir, sizeof(dir), "%s", files[i]);
		if (strrchr(dir, '/')) {
			*strrchr(dir, '/') = '\0';
			place_mkdir(&p, dir);
		}
		place_write(&p, files[i], "");
	}
	place_shell(&p, "git init -q . && rm .git/info/exclude");
	for (unsigned seed = 1; seed <= n; seed++)
		check_round(&p, seed);
	place_finish(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_filter_agrees_with_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
