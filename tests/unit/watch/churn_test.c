/*
 * Two processes make, rename, move out, move in and remove directories as fast as they can. When they have stopped, every
 * directory is watched, under its own path: each gets a file, and each file is reported.
 *
 * BB_WATCH_SEEDS and BB_WATCH_MS make it longer.
 */
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMES 6
#define DEPTH 4

static unsigned roll(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

/* "root/d3/d1": up to DEPTH names from a few, so that the writers meet. */
static void random_path(unsigned *seed, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "root");

	for (unsigned depth = 1 + roll(seed, DEPTH); depth > 0; depth--)
		len += (size_t)snprintf(out + len, size - len, "/d%u", roll(seed, NAMES));
}

static int remove_one(const char *path, const struct stat *st BB_UNUSED, int type BB_UNUSED,
		      struct FTW *ftw BB_UNUSED)
{
	return remove(path);
}

static void make_path(char *path)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	mkdir(path, 0755);
}

static void make_file(const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/a.py", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

/* One step of a writer, in the place's directory. What does not work does not matter. */
static void step(unsigned *seed, unsigned writer)
{
	char a[128], b[128], out[64];

	random_path(seed, a, sizeof(a));
	random_path(seed, b, sizeof(b));
	snprintf(out, sizeof(out), "out%u", writer);
	switch (roll(seed, 8)) {
	case 0:
	case 1:
	case 2:
		make_path(a);
		break;
	case 3:
		make_file(a);
		break;
	case 4:
	case 5:
		(void)rename(a, b);
		break;
	case 6:
		if (rename(a, out) == 0 && rename(out, b) < 0)
			nftw(out, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		break;
	case 7:
		nftw(a, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		mkdir("root", 0755);
		break;
	}
}

static pid_t start_writer(struct place *p, unsigned seed, unsigned writer)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (chdir(p->dir) < 0)
		_exit(1);
	for (;;)
		step(&seed, writer);
}

static void stop_writer(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct strv all_dirs; /* nftw(3) hands over no pointer of ours */

static int note_dir(const char *path, const struct stat *st BB_UNUSED, int type,
		    struct FTW *ftw BB_UNUSED)
{
	return type == FTW_D ? strv_add(&all_dirs, path) : 0;
}

static void collect_until_quiet(struct place *p, struct strv *reported)
{
	while (place_settle(p) > 0 || mono_is_set(watch_deadline(p->watch)))
		;
	for (size_t i = 0; i < p->paths.len; i++)
		assert_int_equal(strv_add(reported, p->paths.v[i]), 0);
}

/* Each directory gets a file of its own; what is reported is compared with what there is. */
static void check_every_directory(struct place *p, unsigned seed)
{
	struct strv reported = {0};
	size_t blind = 0;

	strv_finish(&p->paths);
	assert_int_equal(nftw(place_path(p, "root"), note_dir, 16, FTW_PHYS), 0);
	for (size_t i = 0; i < all_dirs.len; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/probe.py", all_dirs.v[i]);
		place_write(p, path, "1");
	}
	collect_until_quiet(p, &reported);
	for (size_t i = 0; i < all_dirs.len; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/probe.py", all_dirs.v[i] + strlen(p->dir) + 1);
		blind += !strv_contains(&reported, path);
	}
	if (blind > 0 || reported.len != all_dirs.len ||
	    watch_stats(p->watch).directories != all_dirs.len)
		fail_msg("seed %u: of %zu directories %zu are blind; %zu paths reported, %llu "
			 "watched",
			 seed, all_dirs.len, blind, reported.len,
			 (unsigned long long)watch_stats(p->watch).directories);
	strv_finish(&reported);
	strv_finish(&all_dirs);
}

static int from_environment(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text ? (int)strtol(text, NULL, 10) : otherwise;
}

/* Writers at work for so long; half of the time without anybody watching, if `arm_late`. */
static void churn(struct place *p, unsigned seed, int ms, bool arm_late)
{
	pid_t one = start_writer(p, seed * 7919u, 1), two = start_writer(p, seed * 104729u, 2);

	if (arm_late) {
		watch_destroy(p->watch);
		p->watch = NULL;
		poll(NULL, 0, ms / 2);
		place_watch(p);
		ms -= ms / 2;
	}
	place_run(p, ms);
	stop_writer(one);
	stop_writer(two);
	place_settle(p);
	check_every_directory(p, seed);
}

WATCH_TEST(after_a_churn_no_directory_is_blind)
{
	struct place *p = *state;
	int seeds = from_environment("BB_WATCH_SEEDS", 4),
	    ms = from_environment("BB_WATCH_MS", 400);

	place_mkdir(p, "root");
	place_root(p, "root");
	place_watch(p);
	for (int seed = 1; seed <= seeds; seed++)
		churn(p, (unsigned)seed, ms, false);
	print_message("%llu events, %llu overflows\n",
		      (unsigned long long)watch_stats(p->watch).events,
		      (unsigned long long)watch_stats(p->watch).overflows);
}

/* Enough directories that threads arm them. */
static void make_forest(struct place *p)
{
	char path[64];

	for (unsigned i = 0; i < NAMES * NAMES * NAMES; i++) {
		snprintf(path, sizeof(path), "root/d%u/d%u/d%u", i / NAMES / NAMES,
			 i / NAMES % NAMES, i % NAMES);
		place_mkdir(p, path);
	}
}

WATCH_TEST(arming_during_a_churn_leaves_no_directory_blind)
{
	struct place *p = *state;
	int seeds = from_environment("BB_WATCH_SEEDS", 4),
	    ms = from_environment("BB_WATCH_MS", 400);

	place_mkdir(p, "root");
	place_root(p, "root");
	place_watch(p);
	for (int seed = 1; seed <= seeds; seed++) {
		make_forest(p);
		churn(p, (unsigned)seed + 1000, ms / 2, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(after_a_churn_no_directory_is_blind),
		RUN(arming_during_a_churn_leaves_no_directory_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
