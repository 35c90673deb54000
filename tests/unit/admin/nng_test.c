/* The admin sockets as real nng clients find them: nngcat(1). Passed over where it is not installed. */
#include "tests/support/unit.h"
#include "tests/unit/admin/sp_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_S 20.0

struct nngcat {
	pid_t pid;
	int out;
	char text[4096];
	size_t len;
};

/* Starts nngcat with these arguments; its output is read while the loop runs. */
static void nngcat_start(struct nngcat *n, const char *const *argv)
{
	int fds[2];

	if (access("/usr/bin/nngcat", X_OK) < 0)
		skip();
	*n = (struct nngcat){0};
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	n->pid = fork();
	if (n->pid == 0) {
		dup2(fds[1], 1);
		execv("/usr/bin/nngcat", (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	n->out = fds[0];
	assert_int_equal(fcntl(n->out, F_SETFL, O_NONBLOCK), 0);
}

/* Runs the loop until the output holds `text`. */
static void nngcat_expect(struct echo *e, struct nngcat *n, const char *text)
{
	double end = ev_time() + DEADLINE_S;

	while (!strstr(n->text, text)) {
		ssize_t got = read(n->out, n->text + n->len, sizeof(n->text) - 1 - n->len);

		if (got > 0)
			n->len += (size_t)got;
		if (got == 0 || ev_time() > end)
			fail_msg("nngcat wrote \"%s\", not \"%s\"", n->text, text);
		echo_run(e);
	}
}

static void nngcat_stop(struct echo *e, struct nngcat *n)
{
	kill(n->pid, SIGKILL);
	waitpid(n->pid, NULL, 0);
	close(n->out);
	echo_run(e);
}

TEST(a_req_client_is_answered)
{
	struct echo *e = *state;
	const char *argv[] = {"nngcat", "--req", "-x", e->rep_path, "-A", "-D", "{\"v\":1}", NULL};
	struct nngcat n;

	for (int i = 0; i < 5; i++) {
		nngcat_start(&n, argv);
		nngcat_expect(e, &n, "{\"v\":1}");
		nngcat_stop(e, &n);
	}
	client_assert_alive(e);
}

TEST(a_sub_client_gets_events)
{
	struct echo *e = *state;
	const char *argv[] = {"nngcat", "--sub", "-x", e->pub_path, "-A", NULL};
	double end = ev_time() + DEADLINE_S;
	struct nngcat n;

	nngcat_start(&n, argv);
	/* Nobody says when it has subscribed: events are sent until one arrives. */
	while (n.len == 0 && ev_time() < end) {
		ssize_t got;

		echo_publish(e, "{\"seq\":7}", 9);
		echo_run(e);
		got = read(n.out, n.text, sizeof(n.text) - 1);
		n.len += got > 0 ? (size_t)got : 0;
	}
	nngcat_expect(e, &n, "{\"seq\":7}");
	nngcat_stop(e, &n);
}

TEST(a_client_with_the_wrong_protocol_harms_nobody)
{
	struct echo *e = *state;
	const char *argv[] = {"nngcat", "--sub", "-x", e->rep_path, "-A", NULL};
	struct nngcat n;

	nngcat_start(&n, argv);
	for (int i = 0; i < 200; i++)
		client_assert_alive(e);
	nngcat_stop(e, &n);
	client_assert_alive(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_ECHO(test) cmocka_unit_test_setup_teardown(test, echo_setup, echo_teardown)
		WITH_ECHO(a_req_client_is_answered),
		WITH_ECHO(a_sub_client_gets_events),
		WITH_ECHO(a_client_with_the_wrong_protocol_harms_nobody),
#undef WITH_ECHO
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
