/* Which of several daemons is meant from where one stands. */
#include "ctl/discover.h"
#include "tests/support/unit.h"

#include <errno.h>

#define MAX 3

/* A daemon, by its directory and one watched path. */
struct row {
	const char *directory;
	const char *watched;
};

static void fill(struct instances *all, struct instance v[MAX], const struct row rows[MAX])
{
	*all = (struct instances){.v = v};
	for (size_t i = 0; i < MAX && rows[i].directory; i++)
		v[all->len++] = (struct instance){
			.info = json_pack("{s:s, s:{s:[s]}}", "directory", rows[i].directory,
					  "watch", "paths", rows[i].watched),
		};
}

static void empty(struct instances *all)
{
	for (size_t i = 0; i < all->len; i++)
		json_decref(all->v[i].info);
}

TEST(the_deepest_directory_that_holds_ours_wins)
{
	static const struct {
		struct row rows[MAX];
		const char *cwd;
		int ret;
		size_t chosen;
	} cases[] = {
		{{{0}}, "/a", -ENOENT, 0},
		{{{"/a", "/a"}}, "/a/b", 0, 0},
		{{{"/a", "/a"}}, "/elsewhere", 0, 0},
		{{{"/a", "/a"}}, "", 0, 0},
		{{{"/a", "/a"}, {"/a/b", "/a/b"}}, "/a/b/c", 0, 1},
		{{{"/a/b", "/a/b"}, {"/a", "/a"}}, "/a/b/c", 0, 0},
		{{{"/a/b", "/a/b"}, {"/a", "/a"}}, "/a", 0, 1},
		{{{"/a", "/lib/x"}, {"/b", "/b"}}, "/lib/x/y", 0, 0},
		{{{"/", "/"}, {"/a", "/a"}}, "/b", 0, 0},
		{{{"/a", "/a"}, {"/ab", "/ab"}}, "/ab", 0, 1},
		{{{"/a", "/a"}, {"/b", "/b"}}, "/c", -ENOTUNIQ, 0},
		{{{"/a", "/a"}, {"/a", "/a"}}, "/a", -ENOTUNIQ, 0},
		{{{"/a", "/a"}, {"/a", "/a"}, {"/a/b", "/a"}}, "/a/b", 0, 2},
		{{{"/a/b", "/a"}, {"/a", "/a"}, {"/a", "/a/b"}}, "/a/b", -ENOTUNIQ, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct instance v[MAX];
		struct instances all;
		size_t chosen = 42;

		fill(&all, v, cases[i].rows);
		assert_int_equal(instances_choose(&all, cases[i].cwd, &chosen), cases[i].ret);
		assert_int_equal(chosen, cases[i].ret ? 42 : cases[i].chosen);
		empty(&all);
	}
}

TEST(a_daemon_that_tells_nothing_about_itself_is_found_when_it_is_the_only_one)
{
	struct instance v[] = {{.info = json_object()}};
	struct instances all = {.v = v, .len = 1};
	size_t chosen = 42;

	assert_int_equal(instances_choose(&all, "/a", &chosen), 0);
	assert_int_equal(chosen, 0);
	json_decref(v[0].info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deepest_directory_that_holds_ours_wins),
		cmocka_unit_test(
			a_daemon_that_tells_nothing_about_itself_is_found_when_it_is_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
