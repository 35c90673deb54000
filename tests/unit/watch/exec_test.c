/*
 * A program that watches a directory and replaces itself by execv(2) again and again, as the master does, while somebody else
 * writes: every file is reported by some image, and no image crawls.
 */
#include "common/fd.h"
#include "common/parse.h"
#include "common/path.h"
#include "tests/support/unit.h"
#include "tests/unit/watch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_DEFAULT 3000
#define LAST	      "last.py"

/* In the watching program: its arguments are the directory, and from the second image on the state and the descriptor. */
static void save_and_exec(struct watch *w, const char *self, const char *dir)
{
	struct buf state;
	char state_fd[16], inotify_fd[16];
	int fd, memory = memfd_create("watch-state", 0);

	buf_init(&state, SIZE_MAX);
	if (memory < 0 || watch_save(w, &state, &fd) || fd_set_cloexec(fd, false) ||
	    fd_write_full(memory, buf_data(&state), buf_len(&state)) ||
	    lseek(memory, 0, SEEK_SET) < 0)
		_exit(3);
	snprintf(state_fd, sizeof(state_fd), "%d", memory);
	snprintf(inotify_fd, sizeof(inotify_fd), "%d", fd);
	execl("/proc/self/exe", self, "--watch", dir, state_fd, inotify_fd, (char *)NULL);
	_exit(4);
}

static struct watch *begin(const struct watch_config *c, char **state)
{
	struct watch *w;
	uint64_t memory, fd;
	static char bytes[1 << 20];
	ssize_t n;

	if (!state[0])
		return watch_create(&w, c, NULL) ? NULL : w;
	if (parse_uint(state[0], 0, 1000, &memory) || parse_uint(state[1], 0, 1000, &fd))
		return NULL;
	n = read((int)memory, bytes, sizeof(bytes));
	close((int)memory);
	if (n < 0 || watch_restore(&w, c, (int)fd, bytes, (size_t)n))
		return NULL;
	return w;
}

/* One line a reported file, on stdout; "exec" for each new image, "overflow" when it had to begin anew. */
static bool report(const struct debounce_batch *b)
{
	bool last = false;

	if (b->overflow)
		puts("overflow");
	for (size_t i = 0; i < b->paths.len; i++) {
		puts(path_basename(b->paths.v[i]));
		last |= strcmp(path_basename(b->paths.v[i]), LAST) == 0;
	}
	fflush(stdout);
	return last;
}

static int watch_main(char **argv)
{
	struct strv roots = {0}, include = {0};
	struct watch_config c = {.roots = &roots, .include = &include, .delay_ms = 1};
	struct debounce_batch b;
	struct watch *w;

	if (strv_add(&roots, argv[2]) || strv_add(&include, "*.py"))
		return 2;
	w = begin(&c, argv + 3);
	if (!w)
		return 2;
	puts(argv[3] ? "exec" : "ready");
	fflush(stdout);
	for (int turns = 0;; turns++) {
		struct pollfd pfd = {.fd = watch_fd(w), .events = POLLIN};

		(void)poll(&pfd, 1, 1);
		if (watch_tick(w, &b)) {
			bool last = report(&b);

			strv_finish(&b.paths);
			if (last)
				break;
		}
		if (turns == 2)
			save_and_exec(w, argv[0], argv[2]);
	}
	watch_destroy(w);
	strv_finish(&roots);
	strv_finish(&include);
	return 0;
}

/* What the program told. */
struct told {
	bool *files;
	int count;
	int execs;
	int overflows;
};

static void read_line_of(struct told *t, const char *line)
{
	uint64_t n;
	char digits[16];

	if (strcmp(line, "exec\n") == 0)
		t->execs++;
	else if (strcmp(line, "overflow\n") == 0)
		t->overflows++;
	else if (sscanf(line, "f%15[0-9].py", digits) == 1 &&
		 parse_uint(digits, 0, (uint64_t)t->count - 1, &n) == 0)
		t->files[n] = true;
}

static pid_t start(struct place *p, int *out)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], 1);
		execl("/proc/self/exe", "exec_test", "--watch", p->dir, (char *)NULL);
		_exit(5);
	}
	close(fds[1]);
	*out = fds[0];
	return pid;
}

/* Files in directories old and new, some by rename. */
static void write_files(struct place *p, int count)
{
	char path[64], temporary[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "d%d/e%d", i % 7, i % 50);
		place_mkdir(p, path);
		snprintf(path, sizeof(path), "d%d/e%d/f%d.py", i % 7, i % 50, i);
		snprintf(temporary, sizeof(temporary), "d%d/t", i % 7);
		place_write(p, i % 3 ? path : temporary, "1");
		if (i % 3 == 0)
			place_rename(p, temporary, path);
	}
	place_write(p, LAST, "1");
}

WATCH_TEST(no_file_is_missed_while_the_image_is_replaced)
{
	struct place *p = *state;
	const char *files = getenv("BB_WATCH_FILES");
	struct told t = {.count = files ? (int)strtol(files, NULL, 10) : FILES_DEFAULT};
	char line[128];
	int fd, status, missed = 0;
	pid_t pid = start(p, &fd), writer;
	FILE *in = fdopen(fd, "r");

	t.files = calloc((size_t)t.count, sizeof(*t.files));
	assert_non_null(t.files);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "ready\n");
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) { /* so that what is told is read meanwhile */
		write_files(p, t.count);
		_exit(0);
	}
	while (fgets(line, sizeof(line), in))
		read_line_of(&t, line);
	fclose(in);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < t.count; i++)
		missed += !t.files[i];
	print_message("%d files, %d images, %d missed\n", t.count, t.execs + 1, missed);
	free(t.files);
	assert_int_equal(missed, 0);
	assert_int_equal(t.overflows, 0);
	assert_true(t.execs >= 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RUN(no_file_is_missed_while_the_image_is_replaced),
	};

	if (argc > 2 && strcmp(argv[1], "--watch") == 0)
		return watch_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
