/* Files below a directory: real trees with every link that leads out of them. */
#include "daemon/worker/beneath.h"

#include "common/fd.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct tree {
	char dir[64]; /* holds "site" and, beside it, "secret" */
	int top, root;
};

static void write_file(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
	fd_close(&fd);
}

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	strcpy(t->dir, "/tmp/beneath-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	t->top = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_file(t->top, "secret", "secret");
	assert_int_equal(mkdirat(t->top, "site", 0755), 0);
	assert_int_equal(mkdirat(t->top, "site-private", 0755), 0);
	write_file(t->top, "site-private/secret", "secret");
	t->root = openat(t->top, "site", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(t->root, "a", 0755), 0);
	assert_int_equal(mkdirat(t->root, "a/b", 0755), 0);
	write_file(t->root, "top.txt", "top");
	write_file(t->root, "a/b/deep.txt", "deep");
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tree *t = *state;
	char command[96];

	fd_close(&t->root);
	fd_close(&t->top);
	snprintf(command, sizeof(command), "rm -rf %s", t->dir);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

/* The text of a file, or "" for a directory; asserts that it can be opened. */
static void assert_opens(const struct tree *t, const char *path, const char *text)
{
	struct stat st;
	char got[16] = "";
	int fd = beneath_open(t->root, path, &st);

	if (fd < 0)
		print_error("\"%s\": %s\n", path, strerror(-fd));
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	if (S_ISREG(st.st_mode))
		assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
	assert_string_equal(got, text);
	fd_close(&fd);
}

static void assert_refused(const struct tree *t, const char *path)
{
	struct stat st = {.st_size = 4242};
	int fd = beneath_open(t->root, path, &st);

	if (fd >= 0)
		print_error("\"%s\" was opened\n", path);
	assert_true(fd < 0);
	assert_int_equal(st.st_size, 4242);
}

TEST(files_and_directories_of_the_tree_are_opened)
{
	assert_opens(*state, "", "");
	assert_opens(*state, "a", "");
	assert_opens(*state, "top.txt", "top");
	assert_opens(*state, "a/b/deep.txt", "deep");
	assert_refused(*state, "missing");
	assert_refused(*state, "top.txt/x");
}

TEST(links_that_stay_inside_are_followed)
{
	struct tree *t = *state;

	assert_int_equal(symlinkat("a/b/deep.txt", t->root, "link"), 0);
	assert_int_equal(symlinkat("../top.txt", t->root, "a/up"), 0);
	assert_int_equal(symlinkat("a/b", t->root, "folder"), 0);
	assert_opens(t, "link", "deep");
	assert_opens(t, "a/up", "top");
	assert_opens(t, "folder/deep.txt", "deep");
}

TEST(links_that_lead_outside_are_refused)
{
	struct tree *t = *state;
	char absolute[128];

	snprintf(absolute, sizeof(absolute), "%s/secret", t->dir);
	assert_int_equal(symlinkat(absolute, t->root, "absolute"), 0);
	assert_int_equal(symlinkat("../secret", t->root, "relative"), 0);
	assert_int_equal(symlinkat("../../../secret", t->root, "a/b/deep"), 0);
	assert_int_equal(symlinkat("..", t->root, "parent"), 0);
	assert_int_equal(symlinkat("../site-private", t->root, "sibling"), 0);
	assert_int_equal(symlinkat("../site/top.txt", t->root, "round"), 0);
	assert_int_equal(symlinkat("/", t->root, "slash"), 0);
	assert_int_equal(symlinkat("/proc/self/root", t->root, "magic"), 0);
	assert_int_equal(symlinkat("loop", t->root, "loop"), 0);
	assert_int_equal(symlinkat("relative", t->root, "twice"), 0);

	static const char *const names[] = {
		"absolute",	  "relative", "a/b/deep",	  "parent/secret",
		"sibling/secret", "round",    "slash/etc/passwd", "magic/etc/passwd",
		"loop",		  "twice",    "../secret",	  "a/../../secret",
		"/etc/passwd",	  "..",	      "parent",		  "sibling",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_refused(t, names[i]);
}

TEST(what_is_neither_file_nor_directory_is_refused_without_waiting)
{
	struct tree *t = *state;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(mkfifoat(t->root, "fifo", 0644), 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/site/socket", t->dir);
	assert_int_equal(bind(sock, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_refused(t, "fifo");
	assert_refused(t, "socket");
	fd_close(&sock);
}

TEST(the_walk_of_old_kernels_follows_no_link)
{
	struct tree *t = *state;
	int fd = beneath_walk(t->root, "a/b/deep.txt", O_RDONLY);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	fd_close(&fd);
	assert_int_equal(symlinkat("a", t->root, "folder"), 0);
	assert_int_equal(symlinkat("top.txt", t->root, "file"), 0);
	assert_true(beneath_walk(t->root, "folder/b/deep.txt", O_RDONLY) < 0);
	assert_int_equal(beneath_walk(t->root, "file", O_RDONLY), -ELOOP);
	assert_int_equal(beneath_walk(t->root, "../secret", O_RDONLY), -EXDEV);
	assert_int_equal(beneath_walk(t->root, "a/../../secret", O_RDONLY), -EXDEV);
	assert_int_equal(beneath_walk(t->root, "..", O_RDONLY), -EXDEV);
	assert_int_equal(beneath_walk(t->root, "/etc/passwd", O_RDONLY), -EINVAL);
	assert_int_equal(beneath_walk(t->root, "missing", O_RDONLY), -ENOENT);
	assert_int_equal(beneath_walk(t->root, "top.txt/x", O_RDONLY), -ENOTDIR);
	fd = beneath_walk(t->root, ".", O_RDONLY);
	assert_true(fd >= 0);
	fd_close(&fd);
}

#define WITH_SETUP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(files_and_directories_of_the_tree_are_opened),
		WITH_SETUP(links_that_stay_inside_are_followed),
		WITH_SETUP(links_that_lead_outside_are_refused),
		WITH_SETUP(what_is_neither_file_nor_directory_is_refused_without_waiting),
		WITH_SETUP(the_walk_of_old_kernels_follows_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
