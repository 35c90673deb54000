/* The page of a directory without an index. */
#include "daemon/worker/listing.h"

#include "common/fd.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *render(const struct listing *l, const char *path, struct buf *b)
{
	buf_init(b, SIZE_MAX);
	assert_int_equal(listing_render(l, path, b), 0);
	assert_int_equal(buf_add_u8(b, 0), 0);
	return buf_data(b);
}

TEST(names_are_shown_as_text_and_linked_as_names)
{
	struct listing_entry entries[] = {
		{(char *)"sub", true, 4096, 1795000000},
		{(char *)"<b>&\".html", false, 999, 1795000000},
		{(char *)"javascript:alert(1)", false, 1536, 1795000000},
		{(char *)"caf\xe9", false, 5ull << 30, 1795000000},
	};
	struct listing l = {entries, ARRAY_LEN(entries), 0};
	struct buf b;
	const char *page = render(&l, "a<b", &b);

	assert_non_null(strstr(page, "<title>/a&lt;b/</title>"));
	assert_non_null(strstr(page, "<a href=\"../\">../</a>"));
	assert_non_null(strstr(page, "<a href=\"./sub/\">sub/</a></td><td></td>"));
	assert_non_null(
		strstr(page, "<a href=\"./%3Cb%3E%26%22.html\">&lt;b&gt;&amp;&quot;.html<"));
	assert_non_null(strstr(page, "href=\"./javascript%3Aalert%281%29\""));
	assert_non_null(strstr(page, "href=\"./caf%E9\">caf\xef\xbf\xbd<"));
	assert_non_null(strstr(page, "<td>999 B</td>"));
	assert_non_null(strstr(page, "<td>1.5 KiB</td>"));
	assert_non_null(strstr(page, "<td>5.0 GiB</td><td>2026-11-18 11:06</td>"));
	buf_finish(&b);
}

TEST(the_top_has_no_way_up_and_says_when_it_is_empty)
{
	struct listing l = {0};
	struct buf b;
	const char *page = render(&l, "", &b);

	assert_non_null(strstr(page, "<title>/</title>"));
	assert_null(strstr(page, "../"));
	assert_non_null(strstr(page, "This folder is empty."));
	buf_finish(&b);
}

static void touch(int at, const char *name)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	fd_close(&fd);
}

TEST(only_what_is_served_is_read_and_folders_come_first)
{
	char dir[] = "/tmp/listing-XXXXXX";
	static const char *const expected[] = {"folder", "zfolder", "a.txt", "link"};
	struct listing l;
	int root;

	assert_non_null(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	touch(root, "a.txt");
	touch(root, ".hidden");
	mkdirat(root, "zfolder", 0755);
	mkdirat(root, "folder", 0755);
	mkfifoat(root, "fifo", 0644);
	symlinkat("a.txt", root, "link");
	symlinkat("/etc/passwd", root, "outside");
	symlinkat("nowhere", root, "dangling");

	assert_int_equal(listing_read(&l, root, "", dup(root)), 0);
	assert_int_equal(l.count, ARRAY_LEN(expected));
	for (size_t i = 0; i < l.count; i++) {
		assert_string_equal(l.entries[i].name, expected[i]);
		assert_int_equal(l.entries[i].folder, i < 2);
	}
	listing_finish(&l);

	char command[64] = "rm -rf ";

	fd_close(&root);
	assert_int_equal(system(strcat(command, dir)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_shown_as_text_and_linked_as_names),
		cmocka_unit_test(the_top_has_no_way_up_and_says_when_it_is_empty),
		cmocka_unit_test(only_what_is_served_is_read_and_folders_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
