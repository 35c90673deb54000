/* What git writes belongs together: a checkout, a rebase, a stash are one batch each. With the real git. */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIT                                                                           \
	"export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a " \
	"GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_EDITOR=true; "

static bool git_is_there(void)
{
	return system("git --version >/dev/null 2>&1") == 0;
}

static void expect_one(struct place *p, const char *script)
{
	char text[1024];
	unsigned n;

	snprintf(text, sizeof(text), GIT "%s", script);
	n = place_shell_watched(p, text);
	if (n != 1)
		fail_msg("%s: %u batches", script, n);
}

WATCH_TEST(a_checkout_of_a_thousand_files_is_one_batch)
{
	struct place *p = *state;

	if (!git_is_there())
		skip();
	place_shell(p, GIT
		    "git init -q -b main; i=0;"
		    "while [ $i -lt 1000 ]; do mkdir -p d$((i % 20)); echo 1 > d$((i % 20))/f$i.py;"
		    " i=$((i + 1)); done; git add .; git commit -qm one;"
		    "git checkout -qb other; for f in */*.py; do echo 2 > $f; done; git commit "
		    "-qam two");
	place_watch(p);
	expect_one(p, "git checkout -q main");
	assert_int_equal(p->paths.len, 1000);
	expect_one(p, "git checkout -q other");
	expect_one(p, "git reset -q --hard HEAD~1");
	expect_one(p, "for f in d1/*.py; do echo 3 > $f; done");
	expect_one(p, "git stash -q");
	expect_one(p, "git stash pop -q");
}

WATCH_TEST(a_rebase_of_twenty_commits_is_one_batch)
{
	struct place *p = *state;

	if (!git_is_there())
		skip();
	place_shell(p, GIT
		    "git init -q -b main; for i in 1 2 3 4 5; do echo 0 > f$i.py; done;"
		    "git add .; git commit -qm base; git branch other;"
		    "i=0; while [ $i -lt 20 ]; do for f in 1 2 3 4 5; do echo $i >> f$f.py; done;"
		    " git commit -qam c$i; i=$((i + 1)); done;"
		    "git checkout -q other; echo x > x.py; git add .; git commit -qm x; git "
		    "checkout -q main");
	place_watch(p);
	expect_one(p, "git rebase -q other");
}

WATCH_TEST(a_lock_that_stays_does_not_hold_for_ever)
{
	struct place *p = *state;
	struct mono began;

	if (!git_is_there())
		skip();
	place_shell(p, GIT "git init -q");
	place_watch(p);
	place_write(p, ".git/index.lock", "");
	began = mono_now();
	place_write(p, "a.py", "1");
	place_await(p);
	assert_true(mono_diff_ms(p->at, began) >= DEBOUNCE_LOCK_QUIET_MS);
	place_unlink(p, ".git/index.lock");
	began = mono_now();
	place_write(p, "a.py", "2");
	place_expect(p, "a.py", NULL);
	assert_true(mono_diff_ms(p->at, began) < DEBOUNCE_LOCK_QUIET_MS);
}

WATCH_TEST(a_stale_lock_does_not_hold_at_all)
{
	struct place *p = *state;
	struct mono began;

	if (!git_is_there())
		skip();
	place_shell(p, GIT "git init -q; touch -d '1 minute ago' .git/index.lock");
	place_watch(p);
	began = mono_now();
	place_write(p, "a.py", "1");
	place_expect(p, "a.py", NULL);
	assert_true(mono_diff_ms(p->at, began) < DEBOUNCE_LOCK_QUIET_MS);
}

/* Holds the lock of a repository whose .git is not where the files are. */
static void expect_held(struct place *p, const char *lock, const char *file)
{
	place_write(p, lock, "");
	place_write(p, file, "1");
	assert_int_equal(place_run(p, 200), 0);
	place_unlink(p, lock);
	place_expect(p, file, NULL);
}

WATCH_TEST(worktrees_and_roots_inside_a_repository_have_locks_too)
{
	struct place *p = *state;

	if (!git_is_there())
		skip();
	place_shell(p, GIT "git init -q repo; cd repo; mkdir src; echo > src/a.py; git add .;"
			   "git commit -qm one; git worktree add -q ../tree");
	place_root(p, "repo/src");
	place_root(p, "tree");
	place_watch(p);
	expect_held(p, "repo/.git/index.lock", "repo/src/a.py");
	expect_held(p, "repo/.git/worktrees/tree/index.lock", "tree/src/a.py");
}

WATCH_TEST(a_repository_made_later_is_heeded)
{
	struct place *p = *state;

	if (!git_is_there())
		skip();
	place_watch(p);
	place_shell(p, GIT "git init -q");
	place_expect_nothing(p);
	expect_held(p, ".git/index.lock", "a.py");
	place_remove(p, ".git");
	place_expect_nothing(p);
	place_shell(p, GIT "git init -q");
	place_expect_nothing(p);
	expect_held(p, ".git/index.lock", "b.py");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_checkout_of_a_thousand_files_is_one_batch),
		RUN(a_rebase_of_twenty_commits_is_one_batch),
		RUN(a_lock_that_stays_does_not_hold_for_ever),
		RUN(a_stale_lock_does_not_hold_at_all),
		RUN(worktrees_and_roots_inside_a_repository_have_locks_too),
		RUN(a_repository_made_later_is_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
