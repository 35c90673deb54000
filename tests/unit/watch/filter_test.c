/* What counts: the rules in the order of their strength, and the words that name them. */
#include "daemon/master/filter.h"

#include "daemon/master/filter_builtin.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#define ROOT	 "/p/src"
#define ROOT_LEN 6

/* NULL-terminated lists. */
struct setting {
	const char *include[4];
	const char *exclude[4];
	const char *own[4];
};

static void fill(struct strv *list, const char *const *words)
{
	for (; *words; words++)
		assert_int_equal(strv_add(list, *words), 0);
}

static struct filter *make(const struct setting *s)
{
	struct strv include = {0}, exclude = {0}, own = {0};
	struct filter *f;

	fill(&include, s->include);
	fill(&exclude, s->exclude);
	fill(&own, s->own);
	assert_int_equal(filter_create(&f, &include, &exclude, &own), 0);
	strv_finish(&include);
	strv_finish(&exclude);
	strv_finish(&own);
	return f;
}

static void expect(const struct filter *f, const char *path, bool counts, const char *rule)
{
	struct filter_why why;
	bool said = filter_explain(f, path, ROOT_LEN, &why);

	if (said != counts || strcmp(why.rule, rule) != 0)
		fail_msg("%s: %s, because \"%s\"; expected \"%s\"", path, said ? "yes" : "no",
			 why.rule, rule);
}

TEST(an_include_makes_a_file_count)
{
	struct filter *f =
		make(&(struct setting){.include = {"*.py", "templates/", "data/*.json"}});

	expect(f, ROOT "/a.py", true, "matches include *.py");
	expect(f, ROOT "/deep/er/a.py", true, "matches include *.py");
	expect(f, ROOT "/a.txt", false, "matches no include");
	expect(f, ROOT "/templates/x/index.html", true, "matches include templates/");
	expect(f, ROOT "/templates", false, "matches no include");
	expect(f, ROOT "/data/a.json", true, "matches include data/*.json");
	expect(f, ROOT "/more/data/a.json", true, "matches include data/*.json");
	expect(f, ROOT "/data/deep/a.json", false, "matches no include");
	filter_destroy(f);
}

TEST(without_an_include_everything_counts_that_is_not_ignored)
{
	struct filter *f = make(&(struct setting){.include = {NULL}});

	expect(f, ROOT "/a.txt", true, "not ignored, and every file counts");
	expect(f, ROOT "/app.log", false, "ignored by default: *.log (log)");
	expect(f, ROOT "/db.sqlite3-wal", false,
	       "ignored by default: *-wal (journal of a database)");
	filter_destroy(f);
}

TEST(an_include_can_name_what_programs_write)
{
	struct filter *f = make(&(struct setting){.include = {"*.log"}});

	expect(f, ROOT "/app.log", true, "matches include *.log");
	filter_destroy(f);
}

TEST(patterns_may_name_paths_from_the_root_and_absolute_ones)
{
	struct filter *f = make(&(struct setting){
		.include = {"*.py"},
		.exclude = {"/gen/*.py", "/p/src/old", "src/tmp/"},
	});

	expect(f, ROOT "/gen/a.py", false, "matches exclude /gen/*.py");
	expect(f, ROOT "/x/gen/a.py", true, "matches include *.py");
	expect(f, ROOT "/old/a.py", false, "directory /p/src/old: matches exclude /p/src/old");
	expect(f, ROOT "/tmp/a.py", false, "directory /p/src/tmp: matches exclude src/tmp/");
	filter_destroy(f);
}

TEST(directories_that_no_include_reaches_are_not_entered)
{
	struct filter *f = make(&(struct setting){.include = {"/web/*.html", "/p/src/api"}});

	assert_true(filter_enters(f, ROOT "/web", ROOT_LEN, NULL));
	assert_false(filter_enters(f, ROOT "/docs", ROOT_LEN, NULL));
	assert_true(filter_enters(f, ROOT "/api", ROOT_LEN, NULL));
	assert_true(filter_enters(f, ROOT "/api/deep", ROOT_LEN, NULL));
	expect(f, ROOT "/docs/a.html", false, "directory /p/src/docs: no include reaches it");
	expect(f, ROOT "/api/x.txt", true, "matches include /p/src/api");
	filter_destroy(f);
}

TEST(an_exclude_is_stronger_than_an_include)
{
	struct filter *f =
		make(&(struct setting){.include = {"*.py"}, .exclude = {"*_test.py", "gen"}});

	expect(f, ROOT "/a_test.py", false, "matches exclude *_test.py");
	expect(f, ROOT "/gen/a.py", false, "directory /p/src/gen: matches exclude gen");
	expect(f, ROOT "/gen.py", true, "matches include *.py");
	filter_destroy(f);
}

TEST(our_own_files_never_count)
{
	struct filter *f = make(&(struct setting){.own = {"/p/src/run", "/p/src/admin.sock"}});

	expect(f, ROOT "/run/history.jsonl", false, "directory /p/src/run: our own folder");
	expect(f, ROOT "/admin.sock", false, "our own file");
	expect(f, ROOT "/runner", true, "not ignored, and every file counts");
	filter_destroy(f);
}

TEST(a_gitignore_is_obeyed_and_named)
{
	static const char top[] = "build/\n*_pb2.py\n.env\n", deep[] = "!keep_pb2.py\n";
	struct filter *f = make(&(struct setting){.include = {"*.py"}});

	assert_int_equal(filter_set_rules(f, "/p", FILTER_GITIGNORE, top, strlen(top)), 0);
	assert_int_equal(filter_set_rules(f, ROOT "/api", FILTER_GITIGNORE, deep, strlen(deep)), 0);
	expect(f, ROOT "/build/a.py", false,
	       "directory /p/src/build: ignored by /p/.gitignore:1: build/");
	expect(f, ROOT "/x_pb2.py", false, "ignored by /p/.gitignore:2: *_pb2.py");
	expect(f, ROOT "/api/x_pb2.py", false, "ignored by /p/.gitignore:2: *_pb2.py");
	expect(f, ROOT "/api/v1/keep_pb2.py", true, "matches include *.py");

	assert_int_equal(filter_set_repository(f, ROOT), 0);
	expect(f, ROOT "/x_pb2.py", true, "matches include *.py");
	assert_true(filter_has_rules(f, "/p", FILTER_GITIGNORE));
	assert_string_equal(filter_rules_at(f, FILTER_GITIGNORE, 1), ROOT "/api");
	assert_null(filter_rules_at(f, FILTER_GITIGNORE, 2));
	filter_drop_rules(f, "/p", FILTER_GITIGNORE);
	assert_false(filter_has_rules(f, "/p", FILTER_GITIGNORE));
	filter_destroy(f);
}

TEST(the_exclude_file_of_git_is_weaker_than_a_gitignore)
{
	static const char weak[] = "*.py\n", strong[] = "!a.py\n";
	struct filter *f = make(&(struct setting){.include = {"*.py"}});

	assert_int_equal(filter_set_rules(f, ROOT, FILTER_GIT_EXCLUDE, weak, strlen(weak)), 0);
	expect(f, ROOT "/a.py", false, "ignored by /p/src/.git/info/exclude:1: *.py");
	assert_int_equal(filter_set_rules(f, ROOT, FILTER_GITIGNORE, strong, strlen(strong)), 0);
	expect(f, ROOT "/a.py", true, "matches include *.py");
	expect(f, ROOT "/b.py", false, "ignored by /p/src/.git/info/exclude:1: *.py");
	filter_destroy(f);
}

TEST(an_include_without_wildcards_is_stronger_than_a_gitignore)
{
	static const char rules[] = ".env\n*.toml\n";
	struct filter *f = make(&(struct setting){.include = {".env", "*.toml"}});

	assert_int_equal(filter_set_rules(f, ROOT, FILTER_GITIGNORE, rules, strlen(rules)), 0);
	expect(f, ROOT "/.env", true, "matches include .env");
	expect(f, ROOT "/a.toml", false, "ignored by /p/src/.gitignore:2: *.toml");
	filter_destroy(f);
}

static const char *const ignored_names[] = {
	"a.pyc",
	"a.py~",
	".a.py.swp",
	".a.py.swx",
	"4913",
	".#a.py",
	"#a.py#",
	"a.py___jb_tmp___",
	"a.py___jb_old___",
	".goutputstream-K4X2Y3",
	".a.py.kate-swp",
	".nfs0000001",
	".DS_Store",
	"._a.py",
	".a.py.un~",
};

TEST(temporary_files_of_editors_never_count)
{
	struct filter *f = make(&(struct setting){.include = {NULL}});

	for (size_t i = 0; i < ARRAY_LEN(ignored_names); i++) {
		char path[128];

		snprintf(path, sizeof(path), ROOT "/%s", ignored_names[i]);
		if (filter_counts(f, path, ROOT_LEN, NULL))
			fail_msg("\"%s\" counts", path);
	}
	filter_destroy(f);
}

TEST(directories_of_tools_are_not_entered)
{
	static const char *const names[] = {".git",  "__pycache__",  "node_modules",
					    ".venv", ".mypy_cache",  "x.egg-info",
					    ".idea", "site-packages"};
	struct filter *f = make(&(struct setting){.include = {"*.py"}});

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), ROOT "/%s", names[i]);
		if (filter_enters(f, path, ROOT_LEN, NULL))
			fail_msg("\"%s\" is entered", path);
	}
	assert_true(filter_enters(f, ROOT "/.github", ROOT_LEN, NULL));
	expect(f, ROOT "/a/__pycache__/b.py", false,
	       "directory /p/src/a/__pycache__: ignored by default: __pycache__ (bytecode)");
	filter_destroy(f);
}

TEST(a_root_may_be_what_is_ignored_elsewhere)
{
	struct filter *f = make(&(struct setting){.include = {"*.py"}});

	assert_true(filter_counts(f, "/p/node_modules/mine/a.py", 20, NULL));
	assert_true(filter_explain(f, "/a.py", 0, &(struct filter_why){0}));
	filter_destroy(f);
}

TEST(a_fingerprint_tells_settings_apart)
{
	struct filter *a = make(&(struct setting){.include = {"*.py"}});
	struct filter *b = make(&(struct setting){.include = {"*.py"}});
	struct filter *c = make(&(struct setting){.exclude = {"*.py"}});
	struct filter *d = make(&(struct setting){.include = {"*.p", "y"}});

	assert_true(filter_fingerprint(a) == filter_fingerprint(b));
	assert_true(filter_fingerprint(a) != filter_fingerprint(c));
	assert_true(filter_fingerprint(a) != filter_fingerprint(d));
	filter_destroy(a);
	filter_destroy(b);
	filter_destroy(c);
	filter_destroy(d);
}

TEST(a_filter_describes_what_it_lets_through)
{
	struct filter *some = make(&(struct setting){.include = {"*.py", "*.html"}});
	struct filter *all = make(&(struct setting){.exclude = {"x"}});
	char text[64], tiny[6];

	assert_string_equal(filter_describe(some, text, sizeof(text)), "*.py, *.html");
	assert_string_equal(filter_describe(some, tiny, sizeof(tiny)), "*.py,");
	assert_string_equal(filter_describe(all, text, sizeof(text)), "all files");
	filter_destroy(some);
	filter_destroy(all);
}

TEST(names_that_cannot_count_are_told_without_a_path)
{
	struct filter *f = make(&(struct setting){.include = {"*.py", "*.html"}});
	struct filter *dirs = make(&(struct setting){.include = {"templates/"}});

	assert_true(filter_wants_name(f, "a.py"));
	assert_false(filter_wants_name(f, "a.pyc"));
	assert_true(filter_wants_name(dirs, "anything"));
	filter_destroy(f);
	filter_destroy(dirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_include_makes_a_file_count),
		cmocka_unit_test(without_an_include_everything_counts_that_is_not_ignored),
		cmocka_unit_test(an_include_can_name_what_programs_write),
		cmocka_unit_test(patterns_may_name_paths_from_the_root_and_absolute_ones),
		cmocka_unit_test(directories_that_no_include_reaches_are_not_entered),
		cmocka_unit_test(an_exclude_is_stronger_than_an_include),
		cmocka_unit_test(our_own_files_never_count),
		cmocka_unit_test(a_gitignore_is_obeyed_and_named),
		cmocka_unit_test(the_exclude_file_of_git_is_weaker_than_a_gitignore),
		cmocka_unit_test(an_include_without_wildcards_is_stronger_than_a_gitignore),
		cmocka_unit_test(temporary_files_of_editors_never_count),
		cmocka_unit_test(directories_of_tools_are_not_entered),
		cmocka_unit_test(a_root_may_be_what_is_ignored_elsewhere),
		cmocka_unit_test(a_fingerprint_tells_settings_apart),
		cmocka_unit_test(a_filter_describes_what_it_lets_through),
		cmocka_unit_test(names_that_cannot_count_are_told_without_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
