/* A directory of its own for a test, a watch on it, and the batches that come of what is done there. */
#include "tests/unit/watch/place.h"

#include "common/path.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void place_init(struct place *p)
{
	*p = (struct place){.dir = "/tmp/bb-watch-XXXXXX"};
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(strv_add(&p->include, "*.py"), 0);
	p->config = (struct watch_config){
		.roots = &p->roots,
		.include = &p->include,
		.exclude = &p->exclude,
		.delay_ms = DEBOUNCE_DELAY_MS,
	};
}

static int remove_one(const char *path, const struct stat *st BB_UNUSED, int type BB_UNUSED,
		      struct FTW *ftw BB_UNUSED)
{
	return remove(path);
}

void place_finish(struct place *p)
{
	watch_destroy(p->watch);
	strv_finish(&p->include);
	strv_finish(&p->exclude);
	strv_finish(&p->roots);
	strv_finish(&p->paths);
	assert_int_equal(nftw(p->dir, remove_one, 32, FTW_DEPTH | FTW_PHYS), 0);
}

void place_root(struct place *p, const char *path)
{
	assert_int_equal(strv_add(&p->roots, place_path(p, path)), 0);
}

void place_watch(struct place *p)
{
	if (p->roots.len == 0)
		assert_int_equal(strv_add(&p->roots, p->dir), 0);
	assert_int_equal(watch_create(&p->watch, &p->config, &p->limits), 0);
}

void place_hand_over(struct place *p)
{
	struct buf state;
	int fd = -1, kept = -1;

	buf_init(&state, SIZE_MAX);
	assert_int_equal(watch_save(p->watch, &state, &fd), 0);
	if (fd >= 0) {
		kept = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* destroying closes its own */
		assert_true(kept >= 0);
	}
	watch_destroy(p->watch);
	p->watch = NULL;
	assert_int_equal(
		watch_restore(&p->watch, &p->config, kept, buf_data(&state), buf_len(&state)), 0);
	buf_finish(&state);
}

const char *place_path(struct place *p, const char *path)
{
	char *out = p->text[p->turn++ % ARRAY_LEN(p->text)];

	if (*path == '/' || *path == '\0')
		assert_int_equal(str_copy(out, PATH_MAX, *path ? path : p->dir), 0);
	else
		assert_int_equal(path_join(out, PATH_MAX, p->dir, path), 0);
	return out;
}

void place_mkdir(struct place *p, const char *path)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s", place_path(p, path));
	for (char *slash = strchr(text + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(text, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	assert_true(mkdir(text, 0755) == 0 || errno == EEXIST);
}

void place_write(struct place *p, const char *path, const char *text)
{
	int fd = open(place_path(p, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

void place_rename(struct place *p, const char *from, const char *to)
{
	assert_int_equal(rename(place_path(p, from), place_path(p, to)), 0);
}

void place_unlink(struct place *p, const char *path)
{
	assert_int_equal(unlink(place_path(p, path)), 0);
}

void place_remove(struct place *p, const char *path)
{
	assert_int_equal(nftw(place_path(p, path), remove_one, 32, FTW_DEPTH | FTW_PHYS), 0);
}

static pid_t start_shell(struct place *p, const char *script)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (chdir(p->dir) < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
		    dup2(null, 2) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-e", "-c", script, (char *)NULL);
		_exit(127);
	}
	return pid;
}

void place_shell(struct place *p, const char *script)
{
	int status;

	assert_true(waitpid(start_shell(p, script), &status, 0) > 0);
	assert_int_equal(status, 0);
}

static void take(struct place *p, struct debounce_batch *b)
{
	size_t len = strlen(p->dir);

	p->batches++;
	p->overflow = b->overflow;
	p->at = mono_now();
	if (p->loads)
		watch_set_baseline(p->watch, wall_now());
	strv_finish(&p->paths);
	for (size_t i = 0; i < b->paths.len; i++) {
		const char *path = b->paths.v[i];

		if (path_within(path, p->dir))
			path += len + (path[len] == '/');
		assert_int_equal(strv_add(&p->paths, path), 0);
	}
	strv_finish(&b->paths);
}

/* Waits for the descriptor or the deadline, `limit_ms` at most, and does what is due. Returns false if it was the limit. */
static bool turn(struct place *p, int limit_ms)
{
	struct pollfd pfd = {.fd = watch_fd(p->watch), .events = POLLIN};
	struct mono at = watch_deadline(p->watch);
	int ms = limit_ms;

	if (mono_is_set(at)) {
		double left = mono_diff_ms(at, mono_now());

		if (left < limit_ms)
			ms = left > 0 ? (int)left + 1 : 0;
	}
	if (poll(&pfd, 1, ms) > 0) {
		watch_read(p->watch);
		return true;
	}
	if (!mono_is_set(at) || mono_before(mono_now(), at))
		return false;

	struct debounce_batch b;

	if (watch_tick(p->watch, &b))
		take(p, &b);
	return true;
}

unsigned place_settle(struct place *p)
{
	unsigned before = p->batches;

	while (turn(p, mono_is_set(watch_deadline(p->watch)) ? PLACE_WAIT_MS : 0))
		;
	return p->batches - before;
}

unsigned place_run(struct place *p, int ms)
{
	unsigned before = p->batches;
	struct mono end = mono_add_ms(mono_now(), ms);
	double left;

	while ((left = mono_diff_ms(end, mono_now())) > 0)
		turn(p, (int)left + 1);
	return p->batches - before;
}

unsigned place_shell_watched(struct place *p, const char *script)
{
	unsigned before = p->batches;
	pid_t pid = start_shell(p, script), done;
	int status;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0)
		place_run(p, 1);
	assert_int_equal(done, pid);
	assert_int_equal(status, 0);
	place_settle(p);
	return p->batches - before;
}

void place_await(struct place *p)
{
	unsigned before = p->batches;
	struct mono end = mono_add_ms(mono_now(), PLACE_WAIT_MS);

	while (p->batches == before) {
		if (mono_before(end, mono_now()))
			fail_msg("no batch within %d ms", PLACE_WAIT_MS);
		turn(p, PLACE_WAIT_MS);
	}
}

bool place_sync(struct place *p)
{
	struct debounce_batch b;

	if (!watch_sync(p->watch, &b))
		return false;
	take(p, &b);
	return true;
}

static void print_paths(const struct place *p)
{
	for (size_t i = 0; i < p->paths.len; i++)
		print_error("  in the last batch: %s\n", p->paths.v[i]);
}

void place_expect(struct place *p, ...)
{
	unsigned n = place_settle(p);
	size_t count = 0;
	va_list ap;

	if (n != 1)
		print_paths(p);
	assert_int_equal(n, 1);
	va_start(ap, p);
	for (const char *path; (path = va_arg(ap, const char *)); count++) {
		if (!strv_contains(&p->paths, path)) {
			print_paths(p);
			fail_msg("\"%s\" is not in the batch", path);
		}
	}
	va_end(ap);
	if (p->paths.len != count)
		print_paths(p);
	assert_int_equal(p->paths.len, count);
}

void place_expect_with(struct place *p, const char *path)
{
	unsigned n = place_settle(p);

	if (n != 1 || !strv_contains(&p->paths, path))
		print_paths(p);
	assert_int_equal(n, 1);
	assert_true(strv_contains(&p->paths, path));
}

void place_expect_nothing(struct place *p)
{
	unsigned n = place_settle(p);

	if (n > 0)
		print_paths(p);
	assert_int_equal(n, 0);
}

int place_set_up(void **state)
{
	struct place *p = malloc(sizeof(*p));

	if (!p)
		return -1;
	place_init(p);
	*state = p;
	return 0;
}

int place_tear_down(void **state)
{
	place_finish(*state);
	free(*state);
	return 0;
}
