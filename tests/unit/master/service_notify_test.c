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

static void tell(struct service_notify *n, struct generation *g, enum gen_event event)
{
	generation_apply(g, event, mono_now());
	service_notify_generation(n, g);
}

/* The first generation has come to serve. */
static struct service_notify *serving(struct fixture *f)
{
	struct generation *g = generation_create(1, GEN_START, mono_now());
	struct service_notify *n = service_notify_create(f->loop);

	assert_non_null(n);
	tell(n, g, GEN_EV_BOOT);
	assert_string_equal(heard(f), "STATUS=generation 1: booting");
	tell(n, g, GEN_EV_READY);
	assert_non_null(strstr(heard(f), "READY=1\nMAINPID="));
	generation_destroy(g);
	return n;
}

TEST(a_reload_is_told_from_its_beginning_to_its_verdict)
{
	struct generation *g = generation_create(2, GEN_CHANGE, mono_now());
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	n = serving(&f);
	service_notify_generation(n, g);
	assert_non_null(strstr(heard(&f), "RELOADING=1\nMONOTONIC_USEC="));
	tell(n, g, GEN_EV_HAND_OVER);
	assert_string_equal(heard(&f), "STATUS=generation 2: handing-over");
	generation_apply(g, GEN_EV_BOOT, mono_now());
	tell(n, g, GEN_EV_READY);
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
	n = serving(&f);
	generation_set_error(g, "import", "NameError: x", NULL, 0, NULL);
	tell(n, g, GEN_EV_FAIL);
	assert_string_equal(heard(&f), "READY=1\nSTATUS=generation 3 failed: NameError: x");
	service_notify_destroy(n);
	generation_destroy(g);
	teardown(&f);
}

TEST(one_that_was_superseded_leaves_the_reload_going_on_and_one_that_had_to_wait_begins_anew)
{
	struct generation *old = generation_create(2, GEN_CHANGE, mono_now());
	struct generation *g = generation_create(3, GEN_CHANGE, mono_now());
	struct service_notify *n;
	struct fixture f;

	setup(&f);
	n = serving(&f);
	service_notify_generation(n, old);
	assert_non_null(strstr(heard(&f), "RELOADING=1"));
	old->superseded = true;
	tell(n, old, GEN_EV_FAIL);
	tell(n, g, GEN_EV_HAND_OVER);
	assert_string_equal(heard(&f), "STATUS=generation 3: handing-over");
	generation_apply(g, GEN_EV_BOOT, mono_now());
	tell(n, g, GEN_EV_READY);
	assert_non_null(strstr(heard(&f), "READY=1"));
	generation_destroy(g);
	g = generation_create(4, GEN_REQUEST, mono_now());
	tell(n, g, GEN_EV_HAND_OVER);
	assert_non_null(strstr(heard(&f), "RELOADING=1"));
	service_notify_destroy(n);
	generation_destroy(old);
	generation_destroy(g);
	teardown(&f);
}

TEST(what_was_told_crosses_the_exec)
{
	struct generation *g = generation_create(2, GEN_CHANGE, mono_now());
	struct service_notify *n;
	struct fixture f;
	json_t *kept;

	setup(&f);
	n = serving(&f);
	service_notify_generation(n, g);
	assert_non_null(strstr(heard(&f), "RELOADING=1"));
	kept = service_notify_save(n);
	service_notify_destroy(n);
	n = service_notify_create(f.loop);
	service_notify_restore(n, kept);
	json_decref(kept);
	generation_apply(g, GEN_EV_HAND_OVER, mono_now());
	tell(n, g, GEN_EV_BOOT);
	assert_string_equal(heard(&f), "STATUS=generation 2: booting");
	service_notify_restore(n, NULL); /* an image before that left nothing */
	tell(n, g, GEN_EV_FAIL);
	assert_string_equal(heard(&f), "STATUS=generation 2 failed: ");
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
	generation_set_error(g, "import", "NameError: x", NULL, 0, NULL);
	tell(n, g, GEN_EV_FAIL);
	assert_string_equal(heard(&f), "STATUS=generation 1 failed: NameError: x");
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
		cmocka_unit_test(
			one_that_was_superseded_leaves_the_reload_going_on_and_one_that_had_to_wait_begins_anew),
		cmocka_unit_test(what_was_told_crosses_the_exec),
		cmocka_unit_test(a_start_that_failed_is_not_ready),
		cmocka_unit_test(the_watchdog_is_fed_in_half_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
