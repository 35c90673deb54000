/* events: the stream, without gaps and without repetitions. */
#include "common/parse.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/member.h"
#include "ctl/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_MAX 1000 /* events in one answer; the daemon gives fewer when they are long */

struct stream {
	struct ctl *ctl;
	json_int_t last; /* number of the last event that was printed; -1: begin with what comes */
	char boot_id[64];
};

/* Of a daemon that was started anew, the numbers begin anew. */
static void note_boot(struct stream *s, const json_t *event)
{
	const char *boot_id = member_string(event, "boot_id", "");

	if (strcmp(s->boot_id, boot_id) == 0)
		return;
	if (s->boot_id[0])
		s->last = 0;
	snprintf(s->boot_id, sizeof(s->boot_id), "%s", boot_id);
}

static void print_event(struct stream *s, const json_t *event)
{
	struct style style = output_style(s->ctl);

	s->last = member_integer(event, "seq");
	if (s->ctl->json) {
		output_json_line(event);
	} else {
		text_event(stdout, &style, event);
		fflush(stdout);
	}
}

static void print_new(struct stream *s, const json_t *events)
{
	size_t i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		note_boot(s, event);
		if (member_integer(event, "seq") > s->last)
			print_event(s, event);
	}
}

static void warn_lost(const struct stream *s)
{
	fprintf(stderr,
		"blackbullctl: events after %" JSON_INTEGER_FORMAT
		" are no longer kept; going on with "
		"the oldest that is\n",
		s->last);
}

static enum ctl_exit ask_events(struct stream *s, json_int_t since, int max, json_t **result)
{
	json_t *from = since < 0 ? json_null() : json_integer(since);

	return ctl_call(s->ctl, "events", json_pack("{s:o, s:i}", "since", from, "max", max),
			result);
}

/* Prints what the daemon keeps of the events after the last one printed. */
static enum ctl_exit replay(struct stream *s)
{
	for (json_int_t before = -1; s->last != before;) {
		json_t *result;
		enum ctl_exit status = ask_events(s, s->last, REPLAY_MAX, &result);

		if (status != CTL_OK)
			return status;
		before = s->last;
		if (json_is_true(json_object_get(result, "lost")) && before > 0)
			warn_lost(s);
		print_new(s, json_object_get(result, "events"));
		json_decref(result);
	}
	return CTL_OK;
}

/* Where the stream stands now, so that the next event shows whether one was missed. */
static enum ctl_exit begin_now(struct stream *s)
{
	json_t *result;
	enum ctl_exit status = ask_events(s, -1, 0, &result);

	if (status != CTL_OK)
		return status;
	s->last = member_integer(result, "last");
	json_decref(result);
	return CTL_OK;
}

/* A number that is not the next one means that some were missed, which the daemon still has. */
static enum ctl_exit take_event(struct stream *s, const char *text)
{
	json_t *event = json_loads(text, 0, NULL);
	enum ctl_exit status = CTL_OK;

	if (!event)
		return output_error(s->ctl, CTL_VERSION, "version", "an event is not understood");
	note_boot(s, event);

	json_int_t seq = member_integer(event, "seq");

	if (seq > s->last + 1)
		status = replay(s);
	if (status == CTL_OK && seq > s->last)
		print_event(s, event);
	json_decref(event);
	return status;
}

static enum ctl_exit follow(struct stream *s, struct subscription *sub)
{
	enum ctl_exit status = CTL_OK;

	while (status == CTL_OK) {
		char *text;
		int ret = subscription_next(sub, s->ctl->deadline, &text);

		if (ret == 1) {
			status = take_event(s, text);
			free(text);
		} else if (ret == 0) {
			status = replay(s);
		} else {
			status = ctl_report_errno(s->ctl, ret);
		}
	}
	return status;
}

/* Subscribes first and replays then, so that nothing falls between. */
static enum ctl_exit replay_and_follow(struct stream *s)
{
	char *socket = ctl_events_socket(s->ctl->target.socket);
	struct client_place at = ctl_place(s->ctl, socket);
	struct subscription *sub = NULL;
	int err = socket ? subscription_open(&sub, &at, s->ctl->deadline) : -ENOMEM;
	enum ctl_exit status = err ? ctl_report_errno(s->ctl, err) : CTL_OK;

	if (status == CTL_OK)
		status = s->last < 0 ? begin_now(s) : replay(s);
	ctl_start_clock(s->ctl, 0);
	if (status == CTL_OK)
		status = follow(s, sub);
	subscription_close(sub);
	free(socket);
	return status;
}

enum ctl_exit cmd_events(struct ctl *c, const struct args *a)
{
	const char *since = args_value(a, "since", NULL);
	struct stream s = {.ctl = c, .last = -1};
	uint64_t seq = 0;

	if (since && parse_uint(since, 0, INT64_MAX, &seq))
		return output_error(c, CTL_USAGE, "usage", "--since \"%s\": not a number", since);
	if (since)
		s.last = (json_int_t)seq;
	if (!args_has(a, "no-follow"))
		return replay_and_follow(&s);
	if (!since)
		s.last = 0;
	return replay(&s);
}
