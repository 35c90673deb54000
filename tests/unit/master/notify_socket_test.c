/* sd_notify messages: parsed line by line, taken from our own user only. */
#include "daemon/master/notify_socket.h"
#include "tests/support/unit.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct notify_message parse(const char *text)
{
	struct notify_message m;

	notify_parse(text, strlen(text), &m);
	return m;
}

TEST(a_message_is_a_set_of_lines)
{
	struct notify_message m = parse("STATUS=warming up\nREADY=1\nMAINPID=12");

	assert_true(m.ready);
	assert_false(m.stopping);
	assert_string_equal(m.status, "warming up");
	assert_true(parse("STOPPING=1\n").stopping);
}

TEST(what_only_looks_like_readiness_is_not)
{
	assert_false(parse("READY=0").ready);
	assert_false(parse("READY=10").ready);
	assert_false(parse("XREADY=1").ready);
	assert_false(parse("").ready);
}

TEST(a_message_arrives_over_the_socket)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char address[NOTIFY_ADDRESS_MAX];
	struct notify_message m;
	int fd = notify_socket_open(address);
	int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));

	assert_true(fd >= 0);
	assert_int_equal(address[0], '@');
	memcpy(un.sun_path, address, strlen(address));
	un.sun_path[0] = '\0';
	assert_int_equal(notify_socket_receive(fd, &m), 0);
	assert_int_equal(sendto(client, "READY=1", 7, 0, (struct sockaddr *)&un, len), 7);
	assert_int_equal(notify_socket_receive(fd, &m), 1);
	assert_true(m.ready);
	close(client);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_a_set_of_lines),
		cmocka_unit_test(what_only_looks_like_readiness_is_not),
		cmocka_unit_test(a_message_arrives_over_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
