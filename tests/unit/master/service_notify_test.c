/* What a service manager hears of us: a fake one listens. */
#include "daemon/master/service_notify.h"
#include "tests/support/unit.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
	struct ev_loop *loop;
	int manager;
	char text[1024];
};

static void setup(struct fixture *f)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 5};
	char name[64];

	snprintf(name, sizeof(name), "@blackbulld-test/%d", (int)getpid());
	memcpy(un.sun_path, name, strlen(name));
	un.sun_path[0] = '\0';
	f->loop = ev_loop_new(EVFLAG_NOENV);
	f->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->manager, (struct sockaddr *)&un,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setsockopt(f->manager, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setenv("NOTIFY_SOCKET", name, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void teardown(struct fixture *f)
{
	close(f->manager);
	ev_loop_destroy(f->loop);
	unsetenv("NOTIFY_SOCKET");
}

static const char *heard(struct fixture *f)
{
	ssize_t n = recv(f->manager, f->text, sizeof(f->text) - 1, 0);

	f->text[n > 0 ? n : 0] = '\0';
	return f->text;
}

TEST(without_a_manager_nothing_is_made_and_nothing_breaks)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct generation *g = generation_create(1, GEN_START, mono_now());

	unsetenv("NOTIFY_SOCKET");
	assert_null(service_notify_create(loop));
	service_notify_generation(NULL, g);
	service_notify_stopping(NULL);
	service_notify_destroy(NULL);
	generation_destroy(g);
	ev_loop_destroy(loop);
}

TEST(a_reload_is_told_from_its_beginning_to_its_verdict)
{
	struct generation *g = generation_create(2, GEN_CHANGE, mono_now());
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	n = service_notify_create(f.loop);
	assert_non_null(n);
	service_notify_generation(n, g);
	assert_non_null(strstr(heard(&f), "RELOADING=1\nMONOTONIC_USEC="));
	generation_apply(g, GEN_EV_HAND_OVER, mono_now());
	service_notify_generation(n, g);
	generation_apply(g, GEN_EV_BOOT, mono_now());
	generation_apply(g, GEN_EV_READY, mono_now());
	service_notify_generation(n, g);
	assert_non_null(strstr(heard(&f), "READY=1\nMAINPID="));
	assert_non_null(strstr(f.text, "STATUS=generation 2 serving"));
	service_notify_stopping(n);
	assert_non_null(strstr(heard(&f), "STOPPING=1"));
	service_notify_destroy(n);
	generation_destroy(g);
	teardown(&f);
}

TEST(a_reload_that_failed_is_ready_again_and_says_why)
{
	struct generation *g = generation_create(3, GEN_REQUEST, mono_now());
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	n = service_notify_create(f.loop);
	generation_set_error(g, "import", "NameError: x", NULL, 0, NULL);
	generation_apply(g, GEN_EV_FAIL, mono_now());
	service_notify_generation(n, g);
	assert_string_equal(heard(&f), "READY=1\nSTATUS=generation 3 failed: NameError: x");
	service_notify_destroy(n);
	generation_destroy(g);
	teardown(&f);
}

TEST(a_start_that_failed_is_not_ready)
{
	struct generation *g = generation_create(1, GEN_START, mono_now());
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	n = service_notify_create(f.loop);
	generation_apply(g, GEN_EV_FAIL, mono_now());
	service_notify_generation(n, g);
	service_notify_stopping(n);
	assert_non_null(strstr(heard(&f), "STOPPING=1"));
	service_notify_destroy(n);
	generation_destroy(g);
	teardown(&f);
}

TEST(the_watchdog_is_fed_in_half_its_time)
{
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	setenv("WATCHDOG_USEC", "20000", 1);
	n = service_notify_create(f.loop);
	ev_run(f.loop, EVRUN_ONCE);
	assert_string_equal(heard(&f), "WATCHDOG=1");
	service_notify_destroy(n);
	setenv("WATCHDOG_PID", "1", 1);
	n = service_notify_create(f.loop);
	assert_false(ev_run(f.loop, EVRUN_NOWAIT)); /* nothing is active: it is somebody else's */
	service_notify_destroy(n);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_manager_nothing_is_made_and_nothing_breaks),
		cmocka_unit_test(a_reload_is_told_from_its_beginning_to_its_verdict),
		cmocka_unit_test(a_reload_that_failed_is_ready_again_and_says_why),
		cmocka_unit_test(a_start_that_failed_is_not_ready),
		cmocka_unit_test(the_watchdog_is_fed_in_half_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
