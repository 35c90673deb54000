/* The small pure modules: byte classes, addresses, trusted proxies, dates, deadlines. */
#include "daemon/http/addr.h"
#include "daemon/http/app.h"
#include "daemon/http/chars.h"
#include "daemon/http/date.h"
#include "daemon/http/forwarded.h"
#include "daemon/http/timeouts.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

TEST(byte_classes_follow_the_grammar)
{
	static const char tchar[] =
		"!#$%&'*+-.^_`|~"; /* RFC 9110 §5.6.2, besides DIGIT and ALPHA */

	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool alnum =
			(i >= '0' && i <= '9') || (i >= 'A' && i <= 'Z') || (i >= 'a' && i <= 'z');
		bool token = alnum || (i && strchr(tchar, i));

		assert_int_equal(chars_are(&c, 1, CHAR_TOKEN), token);
		assert_int_equal(chars_are(&c, 1, CHAR_METHOD), token && !(i >= 'a' && i <= 'z'));
		assert_int_equal(chars_are(&c, 1, CHAR_VALUE),
				 i == '\t' || (i >= ' ' && i != 0x7f));
		assert_int_equal(chars_are(&c, 1, CHAR_TARGET), i > ' ' && i < 0x7f && i != '#');
	}
}

TEST(lists_are_searched_member_by_member)
{
	assert_true(chars_list_has("close", 5, "close"));
	assert_true(chars_list_has("te , CLOSE\t,x", 13, "close"));
	assert_true(chars_list_has(",,close", 7, "close"));
	assert_false(chars_list_has("closed", 6, "close"));
	assert_false(chars_list_has("clos", 4, "close"));
	assert_false(chars_list_has("", 0, "close"));
}

TEST(addresses_survive_the_way_to_text_and_back)
{
	static const char *const texts[] = {"", "127.0.0.1:80", "[::1]:65535", "[2001:db8::7]:1",
					    "255.255.255.255:0"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char out[ADDR_TEXT_LEN];
		struct addr a;

		assert_int_equal(addr_parse(&a, texts[i], strlen(texts[i])), 0);
		assert_int_equal(addr_format(&a, out), strlen(texts[i]));
		assert_string_equal(out, texts[i]);
	}
}

TEST(addresses_without_a_port_and_mapped_ones_are_understood)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, "::1", 3), 0);
	assert_string_equal(a.host, "::1");
	assert_int_equal(a.port, 0);
	assert_int_equal(addr_parse(&a, "[::ffff:10.0.0.1]:7", 19), 0);
	assert_string_equal(a.host, "10.0.0.1");
	assert_int_equal(a.port, 7);
}

TEST(what_is_no_address_is_refused)
{
	static const char *const texts[] = {
		"localhost",
		"1.2.3",
		"1.2.3.4:",
		"1.2.3.4:65536",
		"1.2.3.4:x",
		"[::1",
		"[::1]80",
		"[::1]:",
		"[]:1",
		":80",
		"1.2.3.4:1:2",
		"unknown",
		"1.2.3.4 ",
		"::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct addr a;

		if (addr_parse(&a, texts[i], strlen(texts[i])) != -EINVAL)
			fail_msg("\"%s\" was taken", texts[i]);
	}
}

static bool in_network(const char *network, const char *ip)
{
	struct network n;
	struct in6_addr a;

	assert_int_equal(network_parse(&n, network, strlen(network)), 0);
	assert_int_equal(ip_parse(&a, ip, strlen(ip)), 0);
	return network_has(&n, &a);
}

TEST(networks_contain_their_addresses)
{
	assert_true(in_network("10.0.0.0/8", "10.255.1.2"));
	assert_false(in_network("10.0.0.0/8", "11.0.0.0"));
	assert_true(in_network("192.0.2.128/25", "192.0.2.129"));
	assert_false(in_network("192.0.2.128/25", "192.0.2.127"));
	assert_true(in_network("192.0.2.1", "192.0.2.1"));
	assert_true(in_network("0.0.0.0/0", "1.2.3.4"));
	assert_false(in_network("0.0.0.0/0", "::1"));
	assert_true(in_network("::/0", "::1"));
	assert_true(in_network("2001:db8::/33", "2001:db8:7fff::"));
	assert_false(in_network("2001:db8::/33", "2001:db8:8000::"));
}

struct said {
	const char *peer;
	const char *forwarded_for[3];
	const char *proto;
	const char *client, *scheme;
};

static void check_forwarded(const char *trusted, const struct said *said)
{
	struct forwarded f;
	struct http_header headers[4];
	size_t n = 0;
	struct addr peer, client;
	const char *scheme = "http";

	assert_int_equal(forwarded_init(&f, trusted), 0);
	for (size_t i = 0; i < ARRAY_LEN(said->forwarded_for) && said->forwarded_for[i]; i++)
		headers[n++] = (struct http_header){
			.name = {"x-forwarded-for", 15},
			.value = {said->forwarded_for[i], strlen(said->forwarded_for[i])}};
	if (said->proto)
		headers[n++] = (struct http_header){.name = {"x-forwarded-proto", 17},
						    .value = {said->proto, strlen(said->proto)}};
	assert_int_equal(addr_parse(&peer, said->peer, strlen(said->peer)), 0);
	client = peer;
	forwarded_apply(&f, &peer, headers, n, &client, &scheme);
	forwarded_finish(&f);
	assert_string_equal(client.host, said->client);
	assert_string_equal(scheme, said->scheme);
}

TEST(only_trusted_peers_speak_for_others)
{
	static const struct said rows[] = {
		{"10.0.0.1:1", {"1.2.3.4"}, "https", "1.2.3.4", "https"},
		{"9.9.9.9:1", {"1.2.3.4"}, "https", "9.9.9.9", "http"},
		{"", {"1.2.3.4"}, "https", "1.2.3.4", "https"},
		/* The walk back stops at the first address that is not ours. */
		{"10.0.0.1:1", {"6.6.6.6, 1.2.3.4, 10.0.0.2"}, NULL, "1.2.3.4", "http"},
		{"10.0.0.1:1", {"6.6.6.6", "1.2.3.4", "10.0.0.2"}, NULL, "1.2.3.4", "http"},
		{"10.0.0.1:1", {"10.0.0.3, 10.0.0.2"}, NULL, "10.0.0.3", "http"},
		{"10.0.0.1:1", {"[2001:db8::1]:77"}, NULL, "2001:db8::1", "http"},
		{"10.0.0.1:1", {"unknown"}, NULL, "10.0.0.1", "http"},
		{"10.0.0.1:1", {"1.2.3.4, unknown, 10.0.0.2"}, NULL, "10.0.0.2", "http"},
		{"10.0.0.1:1", {"1.2.3.4,"}, NULL, "10.0.0.1", "http"},
		{"10.0.0.1:1", {NULL}, "HTTPS", "10.0.0.1", "https"},
		{"10.0.0.1:1", {NULL}, "http, https", "10.0.0.1", "https"},
		{"10.0.0.1:1", {NULL}, "wss", "10.0.0.1", "https"},
		{"10.0.0.1:1", {NULL}, "gopher", "10.0.0.1", "http"},
	};
	static const struct said anybody = {
		"9.9.9.9:1", {"1.2.3.4, 5.6.7.8"}, NULL, "1.2.3.4", "http"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_forwarded(" 10.0.0.0/8 ,::1,", &rows[i]);
	check_forwarded("*", &anybody);
}

TEST(a_list_of_trusted_peers_that_makes_no_sense_is_refused)
{
	static const char *const lists[] = {"localhost", "10.0.0.0/33", "10.0.0.0/", "1.2.3.4,x",
					    "::/129"};
	struct forwarded f;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		assert_int_equal(forwarded_init(&f, lists[i]), -EINVAL);
	assert_int_equal(forwarded_init(&f, NULL), 0);
	assert_false(forwarded_enabled(&f));
	assert_int_equal(forwarded_init(&f, ""), 0);
	assert_false(forwarded_enabled(&f));
	forwarded_finish(&f);
}

TEST(dates_have_the_fixed_format)
{
	struct date d = {.when = 0};

	assert_string_equal(date_text(&d, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(date_text(&d, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(date_text(&d, 784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
	assert_string_equal(date_text(&d, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(every_status_has_a_reason)
{
	assert_string_equal(http_status_reason(200), "OK");
	assert_string_equal(http_status_reason(413), "Content Too Large");
	assert_string_equal(http_status_reason(299), "Unknown");
}

TEST(deadlines_expire_in_order_whatever_their_kind)
{
	const uint64_t ms[TIMEOUT_KINDS] = {[TIMEOUT_HEADER] = 10, [TIMEOUT_KEEP_ALIVE] = 100};
	struct timeout a = {.kind = TIMEOUT_NONE}, b = a, c = a;
	struct timeouts ts;

	timeouts_init(&ts, ms);
	assert_int_equal(timeouts_next(&ts), -1);
	timeouts_set(&ts, &a, TIMEOUT_KEEP_ALIVE, 1000);
	timeouts_set(&ts, &b, TIMEOUT_HEADER, 1050);
	timeouts_set(&ts, &c, TIMEOUT_HEADER, 1055);
	assert_int_equal(timeouts_next(&ts), 1060);
	assert_null(timeouts_pop(&ts, 1059));
	assert_ptr_equal(timeouts_pop(&ts, 1062), &b);
	assert_null(timeouts_pop(&ts, 1062));
	timeouts_set(&ts, &c, TIMEOUT_HEADER, 1064); /* anew */
	assert_null(timeouts_pop(&ts, 1065));
	timeouts_set(&ts, &c, TIMEOUT_NONE, 0);
	assert_int_equal(timeouts_next(&ts), 1100);
	assert_ptr_equal(timeouts_pop(&ts, 5000), &a);
	assert_int_equal(timeouts_next(&ts), -1);
	/* A duration of 0 means never. */
	timeouts_set(&ts, &a, TIMEOUT_WRITE, 1);
	assert_int_equal(timeouts_next(&ts), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(byte_classes_follow_the_grammar),
		cmocka_unit_test(lists_are_searched_member_by_member),
		cmocka_unit_test(addresses_survive_the_way_to_text_and_back),
		cmocka_unit_test(addresses_without_a_port_and_mapped_ones_are_understood),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(networks_contain_their_addresses),
		cmocka_unit_test(only_trusted_peers_speak_for_others),
		cmocka_unit_test(a_list_of_trusted_peers_that_makes_no_sense_is_refused),
		cmocka_unit_test(dates_have_the_fixed_format),
		cmocka_unit_test(every_status_has_a_reason),
		cmocka_unit_test(deadlines_expire_in_order_whatever_their_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
