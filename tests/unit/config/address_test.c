/* Addresses of --bind, right and wrong. */
#include "daemon/config/address.h"
#include "daemon/config/config.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

TEST(host_and_port_are_taken_apart)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
	} rows[] = {
		{"127.0.0.1:8000", "127.0.0.1", 8000},
		{"localhost:80", "localhost", 80},
		{":8000", "", 8000},
		{"my-host.example_1.org:1", "my-host.example_1.org", 1},
		{"[::1]:0", "::1", 0},
		{"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535},
		{"[::ffff:1.2.3.4]:5", "::ffff:1.2.3.4", 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_error why;
		struct address a;

		assert_int_equal(address_parse(rows[i].text, &a, &why), 0);
		assert_int_equal(a.kind, ADDRESS_TCP);
		assert_string_equal(a.host, rows[i].host);
		assert_int_equal(a.port, rows[i].port);
		assert_int_equal(a.fd, -1);
	}
}

TEST(unix_sockets_and_inherited_ones_have_their_own_spelling)
{
	struct config_error why;
	struct address a;

	assert_int_equal(address_parse("unix:/run/app.sock", &a, &why), 0);
	assert_int_equal(a.kind, ADDRESS_UNIX);
	assert_string_equal(a.path, "/run/app.sock");
	assert_int_equal(address_parse("unix:app.sock", &a, &why), 0);
	assert_string_equal(a.path, "app.sock");
	assert_int_equal(address_parse("fd://3", &a, &why), 0);
	assert_int_equal(a.kind, ADDRESS_FD);
	assert_int_equal(a.fd, 3);
}

TEST(a_wrong_address_is_refused_with_advice)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{"", "no port"},
		{"8000", "\"127.0.0.1:8000\""},
		{"localhost", "write \"localhost:8000\""},
		{"[::1]", "write \"[::1]:8000\""},
		{"/run/app.sock", "\"unix:/run/app.sock\""},
		{"./app.sock", "\"unix:./app.sock\""},
		{"http://localhost:80", "has no \"http://\""},
		{"127.0.0.1:99999", "\"99999\""},
		{"127.0.0.1:65536", "0 to 65535"},
		{"127.0.0.1:", "the port \"\""},
		{"127.0.0.1:http", "\"http\""},
		{"127.0.0.1:-1", "\"-1\""},
		{"127.0.0.1: 80", "\" 80\""},
		{"::1", "brackets"},
		{"::1:8000", "brackets"},
		{"[::1:80", "brackets"},
		{"[1.2.3.4]:80", "no IPv6 address"},
		{"[::1%]:80", "no IPv6 address"},
		{"[]:80", "no IPv6 address"},
		{"1.2.3:80", "neither a host name"},
		{"300.1.1.1:80", "neither a host name"},
		{"a b:80", "neither a host name"},
		{"-a:80", "neither a host name"},
		{"unix:", "no path"},
		{"unix:/run/", "directory"},
		{"fd://", "number"},
		{"fd://x", "number"},
		{"fd://-1", "number"},
		{"fd://99999999999", "number"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_error why = {.text = ""};
		struct address a = {.port = 7};

		if (address_parse(rows[i].text, &a, &why) != -EINVAL || a.port != 7)
			fail_msg("\"%s\" is taken", rows[i].text);
		if (!strstr(why.text, rows[i].why))
			fail_msg("\"%s\": \"%s\", not \"%s\"", rows[i].text, why.text, rows[i].why);
	}
}

TEST(what_is_too_long_is_refused)
{
	struct config_error why;
	struct address a;
	char text[400] = "unix:/";

	memset(text + 6, 'x', 106);
	assert_int_equal(address_parse(text, &a, &why), 0);
	text[6 + 106] = 'x';
	assert_int_equal(address_parse(text, &a, &why), -EINVAL);
	assert_non_null(strstr(why.text, "107"));
	memset(text, 'h', 300);
	memcpy(text + 300, ":80", 4);
	assert_int_equal(address_parse(text, &a, &why), -EINVAL);
	assert_non_null(strstr(why.text, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_and_port_are_taken_apart),
		cmocka_unit_test(unix_sockets_and_inherited_ones_have_their_own_spelling),
		cmocka_unit_test(a_wrong_address_is_refused_with_advice),
		cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
