/* status: who serves, since when, what is watched, what failed last. */
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFRESH_MS 1000 /* of what changes without an event: counters, ages */

static enum ctl_exit print_once(struct ctl *c, const char *before)
{
	struct style style = output_style(c);
	json_t *result;
	enum ctl_exit status = ctl_call(c, "status", NULL, &result);

	if (status != CTL_OK)
		return status;
	if (c->json) {
		output_json(json_incref(result));
	} else if (!c->quiet) {
		fputs(before, stdout);
		text_status(stdout, &style, result);
	}
	fflush(stdout);
	json_decref(result);
	return CTL_OK;
}

/* The next event, or the time to look again. Events that have piled up are one reason, not many. */
static int await_change(struct subscription *s, bool refreshes)
{
	struct mono until = refreshes ? mono_add_ms(mono_now(), REFRESH_MS) : (struct mono){0};
	char *event;
	int ret = subscription_next(s, until, &event);

	while (ret == 1) {
		free(event);
		ret = subscription_next(s, mono_now(), &event);
		if (ret == -ETIMEDOUT)
			return 0;
	}
	return ret == -ETIMEDOUT ? 0 : ret;
}

/* On a terminal the screen is kept up to date; elsewhere there is one status an event. */
static enum ctl_exit watch(struct ctl *c, struct subscription *s)
{
	bool screen = isatty(STDOUT_FILENO) && !c->json;

	for (;;) {
		ctl_start_clock(c, COMMAND_SHORT_MS);

		enum ctl_exit status = print_once(c, screen ? "\033[H\033[2J" : "");

		if (status != CTL_OK)
			return status;

		int err = await_change(s, screen);

		if (err)
			return ctl_report_errno(c, err);
	}
}

static enum ctl_exit subscribe_and_watch(struct ctl *c)
{
	char *socket = ctl_events_socket(c->target.socket);
	struct client_place at = ctl_place(c, socket);
	struct subscription *s = NULL;
	int err = socket ? subscription_open(&s, &at, c->deadline) : -ENOMEM;
	enum ctl_exit status = err ? ctl_report_errno(c, err) : watch(c, s);

	subscription_close(s);
	free(socket);
	return status;
}

enum ctl_exit cmd_status(struct ctl *c, const struct args *a)
{
	return args_has(a, "watch") ? subscribe_and_watch(c) : print_once(c, "");
}
