/* From addresses to names below a directory; most of these are attacks. */
#include "daemon/worker/urlpath.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int decode(struct urlpath *u, const char *path)
{
	size_t len = strlen(path);
	char *exact = malloc(len + 1); /* so that a sanitizer sees a read beyond the end */
	int err;

	memcpy(exact, path, len);
	err = urlpath_decode(u, len ? exact : "", len);
	free(exact);
	return err;
}

TEST(paths_become_names)
{
	static const struct {
		const char *path, *name;
		bool folder;
	} cases[] = {
		{"/", "", true},
		{"//", "", true},
		{"/./", "", true},
		{"/a", "a", false},
		{"/a/", "a", true},
		{"/a/.", "a", true},
		{"/a//b.html", "a/b.html", false},
		{"///etc/passwd", "etc/passwd", false},
		{"/a/./b/", "a/b", true},
		{"/%61%2e%62", "a.b", false},
		{"/%C3%A9/%ff", "\xc3\xa9/\xff", false},
		{"/a%20b", "a b", false},
		{"/a+b", "a+b", false},
		{"/a%3Fb%23c", "a?b#c", false},
		{"/a\\..\\b", "a\\..\\b", false},
		{"/.well-known/acme-challenge/x", ".well-known/acme-challenge/x", false},
		{"/a..b/c..", "a..b/c..", false},
		{"http://host/a/b", "a/b", false},
		{"HTTPS://host:8000/", "", true},
		{"http://host", "", true},
		{"/http://host/a", "http:/host/a", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct urlpath u;

		assert_int_equal(decode(&u, cases[i].path), 0);
		assert_string_equal(u.path, cases[i].name);
		assert_int_equal(u.len, strlen(cases[i].name));
		assert_int_equal(u.folder, cases[i].folder);
	}
}

TEST(nothing_leads_up_or_to_what_is_hidden)
{
	static const char *const attacks[] = {
		"/..",
		"/../",
		"/../etc/passwd",
		"/a/../..",
		"/a/../b",
		"/%2e%2e/x",
		"/.%2e/x",
		"/%2E./x",
		"/a/%2e%2e",
		"/..%2f..%2fx",
		"/a%2fb",
		"/%2fetc/passwd",
		"/%2F",
		"/.git/config",
		"/.env",
		"/%2eenv",
		"/a/.htpasswd",
		"/a/.well-known/x",
		"/.well-known/.git",
		"/...",
		"/.well-known2",
		"/.well-know",
		"//..//..//x",
		"/./../x",
		"http://host/../x",
		"/..;/x",
		"/..\\x",
	};

	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		struct urlpath u;
		int err = decode(&u, attacks[i]);

		if (err != -EACCES)
			print_error("\"%s\"\n", attacks[i]);
		assert_int_equal(err, -EACCES);
	}
}

TEST(what_is_no_path_is_refused)
{
	static const char *const bad[] = {
		"",    "*",	"a",	"a/b",	      "host:80", "/%",	 "/%4",	    "/%zz",
		"/%0", "/a%00", "/%00", "/a%00.html", "/%-1",	 "/% 1", "http:/a", "ftp://host/"};
	struct urlpath u;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(decode(&u, bad[i]), -EINVAL);
	assert_int_equal(urlpath_decode(&u, "/a\0b", 4), -EINVAL);
}

TEST(the_longest_path_fits_and_a_longer_one_does_not)
{
	char path[PATH_MAX + 2];
	struct urlpath u;

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	assert_int_equal(urlpath_decode(&u, path, PATH_MAX), 0);
	assert_int_equal(u.len, PATH_MAX - 1);
	assert_int_equal(u.path[u.len], '\0');
	assert_int_equal(urlpath_decode(&u, path, PATH_MAX + 1), -ENAMETOOLONG);

	for (size_t i = 0; i < PATH_MAX; i += 2)
		path[i] = '/';
	assert_int_equal(urlpath_decode(&u, path, PATH_MAX), 0);
	assert_int_equal(strlen(u.path), u.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_become_names),
		cmocka_unit_test(nothing_leads_up_or_to_what_is_hidden),
		cmocka_unit_test(what_is_no_path_is_refused),
		cmocka_unit_test(the_longest_path_fits_and_a_longer_one_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
