/* Workers that cannot be started, that hear nothing, that come after one another. */
#include "daemon/master/cohort.h"
#include "daemon/master/listener.h"
#include "daemon/master/logbook.h"
#include "daemon/master/nursery.h"
#include "daemon/master/supervisor.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct ev_loop *loop;
	struct logbook *book;
	struct output *output;
	struct config config;
	struct listeners *listeners;
	struct nursery *nursery;
	struct supervisor *supervisor;
	unsigned int restarts;
	unsigned int failures;
};

static void ready(void *owner BB_UNUSED, uint64_t generation BB_UNUSED) {}

static void failed(void *owner, uint64_t generation BB_UNUSED,
		   const struct worker_error *e BB_UNUSED)
{
	struct fixture *f = owner;

	f->failures++;
}

static void gone(void *owner BB_UNUSED, uint64_t generation BB_UNUSED) {}

static void worker_event(void *owner, uint64_t generation BB_UNUSED, uint32_t slot BB_UNUSED,
			 pid_t pid BB_UNUSED, const char *what, const char *detail BB_UNUSED)
{
	struct fixture *f = owner;

	f->restarts += strcmp(what, "restarting") == 0;
}

static const struct supervisor_ops ops = {
	.ready = ready, .failed = failed, .gone = gone, .worker_event = worker_event};

static void setup(struct fixture *f)
{
	struct config_error e;

	*f = (struct fixture){.config = {.kind = TARGET_APP,
					 .python = (char *)"python3",
					 .workers = 1,
					 .ready_timeout_ms = 1000,
					 .drain_timeout_ms = 1000}};
	f->loop = ev_loop_new(EVFLAG_NOENV);
	f->book = logbook_create();
	f->output = output_create(f->loop, f->book, STDOUT_FILENO, STDERR_FILENO);
	assert_int_equal(strv_add(&f->config.binds, "127.0.0.1:0"), 0);
	assert_int_equal(listeners_open(&f->listeners, &f->config.binds, &e), 0);
	assert_int_equal(supervisor_create(&f->supervisor, f->loop, f->output, f->book, &ops, f),
			 0);
	assert_int_equal(nursery_create(&f->nursery, f->loop, f->output), 0);
	supervisor_set_nursery(f->supervisor, f->nursery);
	/* There is no worker.py beside it, so that no app worker can be started. */
	supervisor_configure(f->supervisor, &f->config, f->listeners, "/bin/true");
}

static void teardown(struct fixture *f)
{
	supervisor_destroy(f->supervisor);
	nursery_destroy(f->nursery);
	listeners_close(f->listeners);
	strv_finish(&f->config.binds);
	output_destroy(f->output);
	logbook_destroy(f->book);
	ev_loop_destroy(f->loop);
}

static struct proc *add_proc(struct fixture *f, uint64_t generation)
{
	struct proc *p = proc_create(f->loop, f->output, PROC_APP, generation, 0,
				     supervisor_proc_ops(), f->supervisor);

	assert_non_null(p);
	list_push_back(&f->supervisor->procs, &p->link);
	return p;
}

static void break_cb(struct ev_loop *loop, ev_timer *w BB_UNUSED, int revents BB_UNUSED)
{
	ev_break(loop, EVBREAK_ALL);
}

static void run_for(struct fixture *f, double seconds)
{
	ev_timer t;

	ev_timer_init(&t, break_cb, seconds, 0.);
	ev_now_update(f->loop);
	ev_timer_start(f->loop, &t);
	ev_run(f->loop, 0);
}

TEST(a_worker_that_served_long_and_cannot_be_started_again_is_tried_ever_more_rarely)
{
	struct fixture f;
	struct cohort *c;
	struct proc *p;

	setup(&f);
	c = cohort_add(f.supervisor, 7);
	c->ready = true;
	p = add_proc(&f, 7);
	p->state = PROC_WAITING;
	p->started = mono_add_ms(mono_now(), -60 * 1000);
	p->deadline = mono_now();
	supervisor_arm(f.supervisor);
	run_for(&f, 0.25);
	assert_true(f.restarts >= 2);
	assert_true(f.restarts <= 4);
	teardown(&f);
}

TEST(a_first_worker_that_cannot_be_started_fails_its_generation_once)
{
	struct fixture f;

	setup(&f);
	supervisor_start(f.supervisor, 7);
	assert_int_equal(f.failures, 0);
	run_for(&f, 0.05);
	assert_int_equal(f.failures, 1);
	assert_true(supervisor_empty(f.supervisor));
	teardown(&f);
}

TEST(a_worker_that_has_closed_its_channel_does_not_keep_the_loop_busy)
{
	struct fixture f;
	struct proc *p;
	int ends[2];

	setup(&f);
	p = add_proc(&f, 7);
	assert_int_equal(channel_pair(ends), 0);
	p->channel = ends[0];
	p->state = PROC_READY;
	proc_watch(p);
	close(ends[1]);
	proc_tell(p, CHANNEL_DRAIN);
	for (int i = 0; i < 3; i++)
		ev_run(f.loop, EVRUN_NOWAIT);
	assert_false(ev_is_active(&p->writable));
	teardown(&f);
}

TEST(when_a_generation_fails_its_ready_workers_are_told_to_drain)
{
	struct fixture f;
	struct channel_message m;
	char data[256];
	struct proc *p;
	int ends[2];

	setup(&f);
	p = add_proc(&f, 7);
	assert_int_equal(channel_pair(ends), 0);
	p->channel = ends[0];
	p->state = PROC_READY;
	proc_watch(p);
	supervisor_fail_text(f.supervisor, cohort_add(f.supervisor, 7), "boot",
			     "the other one died");
	assert_int_equal(f.failures, 1);
	assert_int_equal(channel_recv(ends[1], data, sizeof(data), &m), 1);
	assert_int_equal(m.type, CHANNEL_DRAIN);
	close(ends[1]);
	teardown(&f);
}

TEST(a_parked_connection_waits_for_the_whole_generation)
{
	struct fixture f;
	struct proc *p[2];
	struct channel_message m;
	char data[256];
	int ends[2][2];

	setup(&f);
	cohort_add(f.supervisor, 7);
	for (int i = 0; i < 2; i++) {
		p[i] = add_proc(&f, 7);
		assert_int_equal(channel_pair(ends[i]), 0);
		p[i]->channel = ends[i][0];
		p[i]->state = PROC_BOOTING;
		proc_watch(p[i]);
	}
	supervisor_route(f.supervisor, NULL, dup(STDIN_FILENO), "record", 6);
	supervisor_ready(f.supervisor, p[0]);
	assert_int_equal(channel_recv(ends[0][1], data, sizeof(data), &m), -EAGAIN);
	assert_false(list_empty(&f.supervisor->parked));
	supervisor_ready(f.supervisor, p[1]);
	assert_true(list_empty(&f.supervisor->parked));
	for (int i = 0; i < 2; i++)
		close(ends[i][1]);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_worker_that_served_long_and_cannot_be_started_again_is_tried_ever_more_rarely),
		cmocka_unit_test(a_first_worker_that_cannot_be_started_fails_its_generation_once),
		cmocka_unit_test(a_worker_that_has_closed_its_channel_does_not_keep_the_loop_busy),
		cmocka_unit_test(when_a_generation_fails_its_ready_workers_are_told_to_drain),
		cmocka_unit_test(a_parked_connection_waits_for_the_whole_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
