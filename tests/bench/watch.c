/*
 * What the watcher costs: close(2) of a save until its batch, arming beside a bare walk with inotify_add_watch(2) in the same
 * run, bytes a directory, and the hand-over.
 *
 *     watch_bench [DIRECTORIES] [SAVES]
 */
#include "daemon/master/watch.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/parse.h"
#include "daemon/master/watcher.h"

#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	  7
#define SAVES_MAX 100000

static char base[] = "/tmp/bb-watch-bench-XXXXXX";

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static double ms_since(struct mono began)
{
	return mono_diff_ms(mono_now(), began);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(double *v, size_t n, double p)
{
	qsort(v, n, sizeof(*v), compare_doubles);

	size_t i = (size_t)(p / 100 * (double)n);

	return v[i < n ? i : n - 1];
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd >= 0 && write(fd, "x = 1\n", 6) == 6, path);
	close(fd);
}

/* A hundred packages of a hundred modules each, or as many as are asked for, with three files in each. */
static void make_tree(size_t directories)
{
	char path[256];

	for (size_t i = 0; i + 1 < directories; i++) {
		if (i % 101 == 0)
			snprintf(path, sizeof(path), "%s/package%zu", base, i / 101);
		else
			snprintf(path, sizeof(path), "%s/package%zu/module%zu", base, i / 101,
				 i % 101);
		check(mkdir(path, 0755) == 0, path);
		for (int file = 0; file < 3; file++) {
			char name[300];

			snprintf(name, sizeof(name), "%s/m%d.py", path, file);
			write_file(name);
		}
	}
}

static int remove_one(const char *path, const struct stat *st BB_UNUSED, int type BB_UNUSED,
		      struct FTW *ftw BB_UNUSED)
{
	return remove(path);
}

/* What has to be done in any case: each directory listed, and watched by its path. */
static size_t bare_walk(int fd, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	size_t n = 1;

	check(dir && inotify_add_watch(fd, path, WATCH_MASK_TREE) > 0, path);
	while ((d = readdir(dir))) {
		char child[PATH_MAX];

		if (d->d_type != DT_DIR || strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0)
			continue;
		check(snprintf(child, sizeof(child), "%s/%s", path, d->d_name) < PATH_MAX, path);
		n += bare_walk(fd, child);
	}
	closedir(dir);
	return n;
}

static double time_bare_walk(void)
{
	int fd = inotify_init1(IN_CLOEXEC);
	struct mono began = mono_now();
	double ms;

	bare_walk(fd, base);
	ms = ms_since(began);
	close(fd);
	return ms;
}

static void arm(struct watch **w, const struct watch_config *c)
{
	check(watch_create(w, c, NULL) == 0, "watch_create");
}

static void bench_arming(const struct watch_config *c)
{
	double walk[ROUNDS], ours[ROUNDS];
	struct watch *w;
	size_t used, allocated, n;

	for (int i = 0; i < ROUNDS; i++) {
		struct mono began;

		walk[i] = time_bare_walk();
		began = mono_now();
		arm(&w, c);
		ours[i] = ms_since(began);
		n = watch_stats(w).directories;
		watch_memory(w, &used, &allocated);
		watch_destroy(w);
	}
	printf("arming %zu directories: %.1f ms; bare walk %.1f ms; ratio %.2f\n", n,
	       percentile(ours, ROUNDS, 50), percentile(walk, ROUNDS, 50),
	       percentile(ours, ROUNDS, 50) / percentile(walk, ROUNDS, 50));
	printf("memory: %.1f bytes a directory in use, %.1f allocated\n", (double)used / (double)n,
	       (double)allocated / (double)n);
}

static void bench_hand_over(const struct watch_config *c)
{
	double save[ROUNDS], restore[ROUNDS], both[ROUNDS];
	struct buf state;
	struct watch *w;
	int fd;

	buf_init(&state, SIZE_MAX);
	arm(&w, c);
	for (int i = 0; i < ROUNDS; i++) {
		struct mono began = mono_now();

		buf_finish(&state);
		check(watch_save(w, &state, &fd) == 0, "watch_save");
		save[i] = ms_since(began);
		fd = dup(fd);
		watch_destroy(w);
		began = mono_now();
		check(watch_restore(&w, c, fd, buf_data(&state), buf_len(&state)) == 0,
		      "watch_restore");
		restore[i] = ms_since(began);
		both[i] = save[i] + restore[i];
	}
	printf("hand-over: save %.2f ms, restore %.2f ms, together %.2f ms, %zu bytes\n",
	       percentile(save, ROUNDS, 50), percentile(restore, ROUNDS, 50),
	       percentile(both, ROUNDS, 50), buf_len(&state));
	buf_finish(&state);
	watch_destroy(w);
}

/* Shared with the process that saves. */
struct saves {
	atomic_size_t reported;
	size_t count;
	struct mono closed[SAVES_MAX];
};

struct latency {
	struct ev_loop *loop;
	struct saves *saves;
	double ms[SAVES_MAX];
	size_t batches;
};

static void changed(void *owner, const struct watch_batch *b BB_UNUSED)
{
	struct latency *l = owner;
	size_t i = l->batches++;

	l->ms[i] = mono_diff_ms(mono_now(), l->saves->closed[i]);
	atomic_store(&l->saves->reported, l->batches);
	if (l->batches == l->saves->count)
		ev_break(l->loop, EVBREAK_ALL);
}

/* Opens, truncates, writes, closes; and waits until it was noticed, and some time more. */
static void save_files(struct saves *s, size_t packages)
{
	char path[256];

	for (size_t i = 0; i < s->count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/package%zu/m%zu.py", base, i % packages, i % 3);
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		check(fd >= 0 && write(fd, "x = 2\n", 6) == 6, path);
		s->closed[i] = mono_now();
		close(fd);
		while (atomic_load(&s->reported) <= i)
			poll(NULL, 0, 1);
		poll(NULL, 0, 3 + (int)(i % 13));
	}
}

static void bench_latency(const struct watch_config *c, size_t packages, size_t count)
{
	static struct latency l;
	struct watcher *w;
	pid_t pid;

	l.loop = ev_loop_new(EVFLAG_AUTO);
	l.saves = mmap(NULL, sizeof(*l.saves), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	check(l.saves != MAP_FAILED, "mmap");
	l.saves->count = count;
	check(watcher_create(&w, l.loop, c, changed, &l) == 0, "watcher_create");
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) {
		save_files(l.saves, packages);
		_exit(0);
	}
	alarm(60 + (unsigned)count); /* should the other one fail */
	ev_run(l.loop, 0);
	alarm(0);
	waitpid(pid, NULL, 0);
	printf("close(2) to batch, %zu saves: p50 %.2f ms, p99 %.2f ms, most %.2f ms\n", count,
	       percentile(l.ms, l.batches, 50), percentile(l.ms, l.batches, 99),
	       percentile(l.ms, l.batches, 100));
	watcher_destroy(w);
	ev_loop_destroy(l.loop);
}

static size_t argument(char **argv, int i, size_t otherwise, size_t most)
{
	uint64_t n = otherwise;

	if (argv[1] && (i == 1 || argv[2]) && parse_uint(argv[i], 2, most, &n)) {
		fprintf(stderr, "watch_bench: \"%s\": a number from 2 to %zu\n", argv[i], most);
		exit(2);
	}
	return (size_t)n;
}

int main(int argc BB_UNUSED, char **argv)
{
	size_t directories = argument(argv, 1, 10000, 1000000);
	size_t saves = argument(argv, 2, 300, SAVES_MAX);
	struct strv roots = {0}, include = {0};
	struct watch_config c = {
		.roots = &roots, .include = &include, .delay_ms = DEBOUNCE_DELAY_MS};

	log_init("watch_bench", LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	check(mkdtemp(base) != NULL, base);
	check(strv_add(&roots, base) == 0 && strv_add(&include, "*.py") == 0, "memory");
	make_tree(directories);
	bench_arming(&c);
	bench_hand_over(&c);
	bench_latency(&c, (directories + 99) / 101, saves);
	strv_finish(&roots);
	strv_finish(&include);
	nftw(base, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	return 0;
}
