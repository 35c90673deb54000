/*
 * How programs save a.py, replayed call by call with the pauses that were measured, the watch running all the while: each
 * save is exactly one batch, and what is no save is none.
 */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum call {
	DONE,
	WRITE,	   /* opens with O_TRUNC, writes, closes */
	COPY,	   /* the same into a file that is made */
	OPEN,	   /* opens with O_TRUNC | O_CREAT and keeps it open */
	OPEN_KEEP, /* opens without O_TRUNC */
	FILL,	   /* writes into what is open */
	SYNC,	   /* fdatasync(2) */
	CLOSE,
	MOVE, /* renames from, to */
	REMOVE,
	LINK,  /* a symbolic link, from, to */
	WAIT,  /* ms */
	AWAIT, /* a batch */
};

struct act {
	enum call call;
	const char *path;
	const char *to;
	int ms;
};

#define ACT_MAX 16

static const struct {
	const char *program;
	unsigned batches;
	struct act acts[ACT_MAX];
} recipes[] = {
	{"vim",
	 1,
	 {{WRITE, "4913", 0, 0},
	  {REMOVE, "4913", 0, 0},
	  {MOVE, "a.py", "a.py~", 0},
	  {WAIT, 0, 0, 1},
	  {OPEN, "a.py", 0, 0},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {REMOVE, "a.py~", 0, 0}}},
	{"vim, backupcopy=yes",
	 1,
	 {{COPY, "a.py~", 0, 0},
	  {OPEN, "a.py", 0, 0},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {REMOVE, "a.py~", 0, 0}}},
	{"vim, backupcopy=no",
	 1,
	 {{MOVE, "a.py", "a.py~", 0},
	  {WAIT, 0, 0, 4},
	  {OPEN, "a.py", 0, 0},
	  {WAIT, 0, 0, 1},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {REMOVE, "a.py~", 0, 0}}},
	{"vim's swap files",
	 0,
	 {{WRITE, ".a.py.swp", 0, 0},
	  {WRITE, ".a.py.swx", 0, 0},
	  {REMOVE, ".a.py.swx", 0, 0},
	  {REMOVE, ".a.py.swp", 0, 0}}},
	{"emacs, first save",
	 1,
	 {{LINK, "user@host.1:2", ".#a.py", 0},
	  {MOVE, "a.py", "a.py~", 0},
	  {OPEN, "a.py", 0, 0},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {OPEN_KEEP, "a.py", 0, 0},
	  {CLOSE, 0, 0, 0},
	  {REMOVE, ".#a.py", 0, 0}}},
	{"emacs, later saves",
	 1,
	 {{OPEN, "a.py", 0, 0},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {OPEN_KEEP, "a.py", 0, 0},
	  {CLOSE, 0, 0, 0}}},
	{"VS Code", 1, {{OPEN, "a.py", 0, 0}, {FILL, 0, 0, 0}, {SYNC, 0, 0, 0}, {CLOSE, 0, 0, 0}}},
	{"VS Code on a slow disk",
	 1,
	 {{OPEN, "a.py", 0, 0},
	  {WAIT, 0, 0, 80},
	  {FILL, 0, 0, 0},
	  {WAIT, 0, 0, 80},
	  {SYNC, 0, 0, 0},
	  {CLOSE, 0, 0, 0}}},
	{"JetBrains until 2018",
	 1,
	 {{COPY, "a.py___jb_tmp___", 0, 0},
	  {MOVE, "a.py", "a.py___jb_old___", 0},
	  {MOVE, "a.py___jb_tmp___", "a.py", 0},
	  {REMOVE, "a.py___jb_old___", 0, 0}}},
	{"JetBrains since 2019",
	 1,
	 {{COPY, "a.py~", 0, 0},
	  {OPEN, "a.py", 0, 0},
	  {WAIT, 0, 0, 6},
	  {FILL, 0, 0, 0},
	  {CLOSE, 0, 0, 0},
	  {REMOVE, "a.py~", 0, 0}}},
	{"gedit and gio",
	 1,
	 {{COPY, ".goutputstream-K4X2Y3", 0, 0},
	  {OPEN_KEEP, "a.py", 0, 0},
	  {CLOSE, 0, 0, 0},
	  {MOVE, ".goutputstream-K4X2Y3", "a.py", 0}}},
	{"nano", 1, {{OPEN, "a.py", 0, 0}, {FILL, 0, 0, 0}, {WAIT, 0, 0, 1}, {CLOSE, 0, 0, 0}}},
	{"joe",
	 1,
	 {{LINK, "user@host.1", ".#a.py", 0},
	  {COPY, "a.py~", 0, 0},
	  {WRITE, "a.py", 0, 0},
	  {REMOVE, ".#a.py", 0, 0}}},
	{"ed, cp, black, ruff", 1, {{WRITE, "a.py", 0, 0}}},
	{"sed -i", 1, {{COPY, "sedK4X2Y3", 0, 0}, {MOVE, "sedK4X2Y3", "a.py", 0}}},
	{"rsync", 1, {{COPY, ".a.py.K4X2Y3", 0, 0}, {MOVE, ".a.py.K4X2Y3", "a.py", 0}}},
	{"git checkout of one file",
	 1,
	 {{REMOVE, "a.py", 0, 0}, {OPEN, "a.py", 0, 0}, {FILL, 0, 0, 0}, {CLOSE, 0, 0, 0}}},
	{"os.replace of a temporary .py",
	 1,
	 {{COPY, "tmp7f3a.py", 0, 0}, {MOVE, "tmp7f3a.py", "a.py", 0}}},
	{"two saves, the second during the reload",
	 2,
	 {{WRITE, "a.py", 0, 0}, {AWAIT, 0, 0, 0}, {WRITE, "a.py", 0, 0}}},
	{"python -m a",
	 0,
	 {{COPY, "a.cpython-311.pyc.140", 0, 0}, {MOVE, "a.cpython-311.pyc.140", "a.pyc", 0}}},
};

static int open_one(struct place *p, const char *path, int flags)
{
	int fd = open(place_path(p, path), O_WRONLY | O_CLOEXEC | flags, 0644);

	assert_true(fd >= 0);
	return fd;
}

static void act_out(struct place *p, const struct act *a)
{
	int fd = -1;

	for (; a->call != DONE; a++) {
		switch (a->call) {
		case WRITE:
		case COPY:
			place_write(p, a->path, "content\n");
			break;
		case OPEN:
			fd = open_one(p, a->path, O_CREAT | O_TRUNC);
			break;
		case OPEN_KEEP:
			fd = open_one(p, a->path, 0);
			break;
		case FILL:
			assert_int_equal(write(fd, "content\n", 8), 8);
			break;
		case SYNC:
			assert_int_equal(fdatasync(fd), 0);
			break;
		case CLOSE:
			close(fd);
			break;
		case MOVE:
			place_rename(p, a->path, a->to);
			break;
		case REMOVE:
			place_unlink(p, a->path);
			break;
		case LINK:
			assert_int_equal(symlink(a->path, place_path(p, a->to)), 0);
			break;
		case WAIT:
			place_run(p, a->ms);
			break;
		case AWAIT:
			place_await(p);
			break;
		case DONE:
			break;
		}
		watch_read(p->watch);
	}
}

static void play(struct place *p, size_t i, int time)
{
	unsigned before = p->batches, n;

	place_write(p, "a.py", "before\n");
	place_settle(p);
	before = p->batches;
	act_out(p, recipes[i].acts);
	place_settle(p);
	n = p->batches - before;
	if (n != recipes[i].batches)
		fail_msg("%s, time %d: %u batches instead of %u", recipes[i].program, time, n,
			 recipes[i].batches);
	if (n > 0 && (p->paths.len != 1 || strcmp(p->paths.v[0], "a.py") != 0))
		fail_msg("%s: \"%s\" is reported", recipes[i].program, p->paths.v[0]);
}

WATCH_TEST(every_way_of_saving_is_one_batch)
{
	struct place *p = *state;
	const char *times = getenv("BB_WATCH_TIMES");
	int n = times ? (int)strtol(times, NULL, 10) : 3;

	p->loads = true;
	place_watch(p);
	for (size_t i = 0; i < ARRAY_LEN(recipes); i++)
		for (int time = 0; time < n; time++)
			play(p, i, time);
}

/* Those programs themselves, where they are installed. */
static const struct {
	const char *program;
	const char *script;
} programs[] = {
	{"vim", "vim -u NONE -N -es -c 'normal ox' -c 'wq' a.py || test $? = 1"},
	{"vim", "vim -u NONE -N -es -c 'set bkc=no' -c 'normal ox' -c 'wq' a.py || test $? = 1"},
	{"nvim", "nvim --clean -es -c 'normal ox' -c 'wq' a.py || test $? = 1"},
	{"emacs", "emacs -Q --batch a.py --eval '(insert \"x\")' -f save-buffer"},
	{"gio", "echo x | gio save a.py"},
	{"sed", "sed -i s/before/after/ a.py"},
	{"perl", "perl -pi -e s/before/after/ a.py"},
	{"rsync", "echo x > b.txt; rsync --inplace b.txt a.py"},
	{"cp", "echo x > b.txt; cp b.txt a.py"},
	{"patch",
	 "printf -- '--- a.py\\n+++ a.py\\n@@ -1 +1 @@\\n-before\\n+after\\n' | patch a.py"},
};

WATCH_TEST(real_programs_make_one_batch_too)
{
	struct place *p = *state;

	place_watch(p);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		char check[64];
		unsigned n;

		snprintf(check, sizeof(check), "command -v %s >/dev/null 2>&1",
			 programs[i].program);
		if (system(check) != 0)
			continue;
		place_write(p, "a.py", "before\n");
		place_settle(p);
		n = place_shell_watched(p, programs[i].script);
		if (n != 1)
			fail_msg("%s: %u batches", programs[i].script, n);
		assert_int_equal(p->paths.len, 1);
		assert_string_equal(p->paths.v[0], "a.py");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(every_way_of_saving_is_one_batch),
		RUN(real_programs_make_one_batch_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
