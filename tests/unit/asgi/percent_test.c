/* Percent-decoding of paths. */
#include "daemon/asgi/percent.h"

#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

TEST(escapes_become_bytes_and_what_is_none_stays)
{
	static const struct {
		const char *path, *decoded;
		size_t len;
	} cases[] = {
		{"", "", 0},
		{"/", "/", 1},
		{"/a%20b", "/a b", 4},
		{"%41%5a%5A", "AZZ", 3},
		{"%C3%A9", "\xc3\xa9", 2},
		{"%00", "\0", 1},
		{"%", "%", 1},
		{"%4", "%4", 2},
		{"%zz", "%zz", 3},
		{"%4z", "%4z", 3},
		{"%%41", "%A", 2},
		{"%2541", "%41", 3},
		{"a+b", "a+b", 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].path);
		char *exact = malloc(len + 1); /* so that a sanitizer sees a write beyond the end */
		size_t n = percent_decode(cases[i].path, len, exact);

		assert_int_equal(n, cases[i].len);
		assert_memory_equal(exact, cases[i].decoded, n);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_become_bytes_and_what_is_none_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
