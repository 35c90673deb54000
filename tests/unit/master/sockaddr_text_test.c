/* Addresses are shown as --bind takes them. */
#include "daemon/master/sockaddr_text.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

TEST(ipv4_ipv6_and_unix_addresses_have_a_text)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(8000)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x.sock"};
	struct sockaddr_storage sa;
	char out[128];

	inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
	inet_pton(AF_INET6, "::1", &in6.sin6_addr);
	memset(&sa, 0, sizeof(sa));
	memcpy(&sa, &in, sizeof(in));
	assert_int_equal(sockaddr_text(&sa, sizeof(in), out, sizeof(out)), 0);
	assert_string_equal(out, "127.0.0.1:8000");
	memcpy(&sa, &in6, sizeof(in6));
	assert_int_equal(sockaddr_text(&sa, sizeof(in6), out, sizeof(out)), 0);
	assert_string_equal(out, "[::1]:80");
	memcpy(&sa, &un, sizeof(un));
	assert_int_equal(sockaddr_text(&sa,
				       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 12),
				       out, sizeof(out)),
			 0);
	assert_string_equal(out, "unix:/run/x.sock");
}

TEST(a_text_that_does_not_fit_is_an_error)
{
	struct sockaddr_storage sa = {.ss_family = AF_INET};
	char out[4];

	assert_int_equal(sockaddr_text(&sa, sizeof(struct sockaddr_in), out, sizeof(out)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_ipv6_and_unix_addresses_have_a_text),
		cmocka_unit_test(a_text_that_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
