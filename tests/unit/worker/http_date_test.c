/* Dates of HTTP. */
#include "daemon/worker/http_date.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#define EXAMPLE 784111777  /* the date of RFC 9110 §5.6.7 */
#define NOW	1795000000 /* in 2026 */

TEST(the_three_forms_mean_the_same)
{
	static const char *const forms[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		time_t t = 0;

		assert_int_equal(http_date_parse(forms[i], strlen(forms[i]), NOW, &t), 0);
		assert_int_equal(t, EXAMPLE);
	}
}

TEST(what_is_written_is_read)
{
	static const time_t times[] = {0, 1, EXAMPLE, 951782399, 1709164800, NOW, 4102444800};
	char text[HTTP_DATE_SIZE];

	assert_string_equal(http_date_format(EXAMPLE, text), "Sun, 06 Nov 1994 08:49:37 GMT");
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		time_t t = -1;

		http_date_format(times[i], text);
		assert_int_equal(http_date_parse(text, strlen(text), NOW, &t), 0);
		assert_int_equal(t, times[i]);
	}
}

TEST(a_year_of_two_digits_is_near)
{
	time_t t;

	assert_int_equal(http_date_parse("Thursday, 01-Jan-70 00:00:00 GMT", 32, NOW, &t), 0);
	assert_true(t > NOW); /* 2070 is within 50 years of 2026 */
	assert_int_equal(http_date_parse("Friday, 01-Jan-77 00:00:00 GMT", 30, NOW, &t), 0);
	assert_int_equal(t, 220924800); /* 1977 */
}

TEST(what_is_no_date_is_refused)
{
	static const char *const bad[] = {
		"",
		"yesterday",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT and more",
		"Sun, 06 Xyz 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:-4:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT",
	};
	time_t t = 42;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(http_date_parse(bad[i], strlen(bad[i]), NOW, &t), -EINVAL);
	assert_int_equal(http_date_parse("Sun, 06 Nov 1994 08:49:37\0GMT", 29, NOW, &t), -EINVAL);
	assert_int_equal(t, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_forms_mean_the_same),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_year_of_two_digits_is_near),
		cmocka_unit_test(what_is_no_date_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
