/* Paths by text alone, the folder of all instances, and the lock that says "alive". */
#include "common/fd.h"
#include "common/path.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A scratch directory, which stands for $XDG_RUNTIME_DIR. */
static int make_scratch(void **state)
{
	char template[] = "/tmp/path_test.XXXXXX";

	*state = mkdtemp(template) ? strdup(template) : NULL;
	return *state && setenv("XDG_RUNTIME_DIR", *state, 1) == 0 ? 0 : -1;
}

static int remove_scratch(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/blackbulld/lock", (char *)*state);
	unlink(path);
	snprintf(path, sizeof(path), "%s/blackbulld", (char *)*state);
	if (rmdir(path) < 0)
		unlink(path);

	int ret = rmdir(*state);

	free(*state);
	return ret;
}

TEST(normalizing_resolves_dots_by_text)
{
	static const struct {
		const char *path;
		const char *normal;
	} rows[] = {
		{"/", "/"},
		{"", "/home/me"},
		{".", "/home/me"},
		{"..", "/home"},
		{"../../..", "/"},
		{"src", "/home/me/src"},
		{"./src/../src//app.py", "/home/me/src/app.py"},
		{"src/", "/home/me/src"},
		{"/a/./b/../c//", "/a/c"},
		{"/..a/.b", "/..a/.b"},
		{"/...", "/..."},
		{"//a", "/a"},
	};
	char out[100];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(path_normalize(out, sizeof(out), "/home/me", rows[i].path), 0);
		assert_string_equal(out, rows[i].normal);
	}
}

TEST(what_does_not_fit_is_an_error_never_cut)
{
	char out[8], long_name[8192];

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(path_normalize(out, sizeof(out), "/", "1234567"), -ENAMETOOLONG);
	assert_int_equal(path_normalize(out, sizeof(out), "/", "123456"), 0);
	assert_int_equal(path_normalize(out, sizeof(out), "/", long_name), -ENAMETOOLONG);
	assert_int_equal(path_join(out, sizeof(out), "/abc", "def"), -ENAMETOOLONG);
	assert_int_equal(path_join(out, sizeof(out), "/abc", "de"), 0);
	assert_string_equal(out, "/abc/de");
	assert_int_equal(path_join(out, sizeof(out), "/", "de"), 0);
	assert_string_equal(out, "/de");
}

TEST(within_compares_whole_components)
{
	assert_true(path_within("/a/b", "/a"));
	assert_true(path_within("/a", "/a"));
	assert_true(path_within("/a", "/"));
	assert_false(path_within("/ab", "/a"));
	assert_false(path_within("/", "/a"));
}

TEST(the_basename_follows_the_last_slash)
{
	assert_string_equal(path_basename("/a/b.sock"), "b.sock");
	assert_string_equal(path_basename("b.sock"), "b.sock");
	assert_string_equal(path_basename("a/"), "");
}

TEST(an_instance_is_its_name_or_a_hash_of_where_and_what)
{
	char a[64], b[64];

	assert_int_equal(path_instance_id(a, sizeof(a), NULL, "/srv", "main:app"), 0);
	assert_int_equal(strlen(a), 16);
	assert_int_equal(strspn(a, "0123456789abcdef"), 16);
	assert_int_equal(path_instance_id(b, sizeof(b), NULL, "/srv", "main:app"), 0);
	assert_string_equal(a, b);
	assert_int_equal(path_instance_id(b, sizeof(b), NULL, "/srv", NULL), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(path_instance_id(a, sizeof(a), NULL, "/srv", ""), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(path_instance_id(a, sizeof(a), "shop-1.eu", "/srv", "x"), 0);
	assert_string_equal(a, "shop-1.eu");
	assert_int_equal(path_instance_id(a, 4, NULL, "/srv", "x"), -ENAMETOOLONG);
}

TEST(a_name_that_could_leave_its_folder_is_refused)
{
	static const char *const bad[] = {
		"",    ".",   "..",   ".x",	  "-x",
		"a/b", "a b", "a\nb", "\xc3\xa9", "012345678901234567890123456789012",
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(path_instance_id(out, sizeof(out), bad[i], "/", NULL), -EINVAL);
}

TEST(the_runtime_folder_is_made_private_on_demand)
{
	char out[128], expected[128];
	struct stat st;

	snprintf(expected, sizeof(expected), "%s/blackbulld", (char *)*state);
	assert_int_equal(path_runtime_dir(out, sizeof(out), false), -ENOENT);
	assert_int_equal(path_runtime_dir(out, sizeof(out), true), 0);
	assert_string_equal(out, expected);
	assert_int_equal(stat(out, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(path_runtime_dir(out, sizeof(out), true), 0);
	assert_int_equal(chmod(out, 0750), 0);
	assert_int_equal(path_runtime_dir(out, sizeof(out), true), -EPERM);
}

TEST(a_symlink_in_place_of_the_runtime_folder_is_refused)
{
	char out[128], link[128];

	snprintf(link, sizeof(link), "%s/blackbulld", (char *)*state);
	assert_int_equal(symlink("/tmp", link), 0);
	assert_int_equal(path_runtime_dir(out, sizeof(out), true), -EPERM);
}

TEST(without_a_usable_xdg_folder_it_is_in_tmp)
{
	static const char *const unusable[] = {"", "relative", "/nonexistent/dir", "/dev/null"};
	char expected[64], out[128];

	snprintf(expected, sizeof(expected), "/tmp/blackbulld-%u", (unsigned)geteuid());
	for (size_t i = 0; i < ARRAY_LEN(unusable); i++) {
		assert_int_equal(setenv("XDG_RUNTIME_DIR", unusable[i], 1), 0);

		int ret = path_runtime_dir(out, sizeof(out), false);

		if (ret == 0)
			assert_string_equal(out, expected);
		else
			assert_int_equal(ret, -ENOENT);
	}
}

TEST(an_instance_is_alive_while_its_lock_is_held)
{
	char dir[128], lock[160];

	assert_int_equal(path_runtime_dir(dir, sizeof(dir), true), 0);
	assert_int_equal(path_instance_alive(dir), 0);
	assert_int_equal(path_join(lock, sizeof(lock), dir, "lock"), 0);

	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(path_instance_alive(dir), 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(path_instance_alive(dir), 1);
	fd_close(&fd);
	assert_int_equal(path_instance_alive(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalizing_resolves_dots_by_text),
		cmocka_unit_test(what_does_not_fit_is_an_error_never_cut),
		cmocka_unit_test(within_compares_whole_components),
		cmocka_unit_test(the_basename_follows_the_last_slash),
		cmocka_unit_test(an_instance_is_its_name_or_a_hash_of_where_and_what),
		cmocka_unit_test(a_name_that_could_leave_its_folder_is_refused),
		cmocka_unit_test_setup_teardown(the_runtime_folder_is_made_private_on_demand,
						make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(a_symlink_in_place_of_the_runtime_folder_is_refused,
						make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(without_a_usable_xdg_folder_it_is_in_tmp,
						make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(an_instance_is_alive_while_its_lock_is_held,
						make_scratch, remove_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
