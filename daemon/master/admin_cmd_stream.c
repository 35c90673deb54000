/* Admin operations on what happens: events, logs. */
#include "daemon/master/admin_cmd.h"

#include "daemon/master/admin_call.h"
#include "daemon/master/events.h"
#include "daemon/master/logbook.h"
#include "daemon/master/master.h"
#include "daemon/master/waiters.h"

/* Up to which number an answer is complete, so that the next question goes on from there without a gap. */
static uint64_t complete_up_to(const json_t *events, uint64_t last)
{
	size_t n = json_array_size(events);

	if (n == 0)
		return last;
	return (uint64_t)json_integer_value(json_object_get(json_array_get(events, n - 1), "seq"));
}

void cmd_events(const struct admin_call *c)
{
	const struct events *e = c->m->events;
	uint64_t last = events_last_seq(e);
	uint64_t max = call_number(c, "max", EVENTS_KEPT);
	/* Without a number, the newest ones. */
	uint64_t since = call_number(c, "since", last > max ? last - max : 0);
	bool lost = false, foreign = since > last;
	json_t *list = json_array();

	/* A number that was never given is one of an earlier daemon: all of ours are new to that client. */
	if (foreign)
		since = 0;
	if (!list || events_since(e, since, (size_t)max, list, &lost) < 0) {
		json_decref(list);
		answer_ok(c->m, c->from, NULL);
		return;
	}
	list = answer_fit(list, false);
	last = max ? complete_up_to(list, last) : last;
	answer_ok(c->m, c->from,
		  json_pack("{s:o, s:I, s:b}", "events", list, "last", (json_int_t)last, "lost",
			    foreign || (lost && call_has(c, "since"))));
}

/* Nothing newer has come: the request waits, and next time only looks at what is new. */
static void wait_for_lines(const struct admin_call *c, uint64_t last)
{
	json_object_set_new(c->args, "since", json_integer((json_int_t)last));
	waiters_defer(c->m, c->from, "logs", c->args);
}

void cmd_logs(const struct admin_call *c)
{
	const struct logbook *b = c->m->logbook;
	uint64_t last = logbook_last_seq(b);
	uint64_t since = call_number(c, "since", 0);
	json_t *lines;

	if (since > last)
		since = 0;
	lines = logbook_lines(b, since, call_number(c, "generation", 0),
			      (size_t)call_number(c, "lines", SIZE_MAX));
	if (lines && json_array_size(lines) == 0 && call_bool(c, "wait") && call_has(c, "since") &&
	    !c->m->stopping) {
		json_decref(lines);
		wait_for_lines(c, last);
		return;
	}
	answer_ok(c->m, c->from,
		  json_pack("{s:o, s:I}", "lines", answer_fit(lines, true), "last",
			    (json_int_t)last));
}

static void look_again(struct master *m, const struct admin_peer *peer, json_t *args, void *arg)
{
	const struct admin_call c = {.m = m, .from = peer, .op = "logs", .args = args};

	(void)arg;
	cmd_logs(&c);
}

void admin_cmd_log_added(struct master *m)
{
	waiters_take_deferred(m, "logs", look_again, NULL);
}
