/* logs: what workers wrote. */
#include "common/parse.h"
#include "ctl/command.h"
#include "ctl/member.h"
#include "ctl/output.h"

#define DEFAULT_LINES "100"
#define FOLLOW_LINES  1000 /* at a time */

struct follower {
	struct ctl *ctl;
	json_int_t generation; /* 0: all */
	json_int_t last;       /* number of the last line that was printed */
};

static void print_lines(const struct ctl *c, const json_t *lines)
{
	struct style style = output_style(c);
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line)
	{
		if (c->json)
			output_json_line(line);
		else
			text_log_line(stdout, &style, line);
	}
	fflush(stdout);
}

static json_t *make_args(const struct follower *f, json_int_t lines, bool wait)
{
	json_t *since = wait ? json_integer(f->last) : json_null();
	json_t *generation = f->generation ? json_integer(f->generation) : json_null();

	return json_pack("{s:o, s:o, s:I, s:b}", "since", since, "generation", generation, "lines",
			 lines, "wait", wait);
}

/* Each answer comes when there are new lines: nothing is polled. */
static enum ctl_exit follow(struct follower *f)
{
	for (;;) {
		json_t *result;
		enum ctl_exit status =
			ctl_call(f->ctl, "logs", make_args(f, FOLLOW_LINES, true), &result);

		if (status != CTL_OK)
			return status;
		print_lines(f->ctl, json_object_get(result, "lines"));
		f->last = member_integer(result, "last");
		json_decref(result);
	}
}

static int parse_numbers(const struct args *a, uint64_t *lines, uint64_t *generation)
{
	const char *number = args_value(a, "generation", NULL);

	if (parse_uint(args_value(a, "lines", DEFAULT_LINES), 0, INT32_MAX, lines))
		return -1;
	return number ? parse_uint(number, 1, INT64_MAX, generation) : 0;
}

enum ctl_exit cmd_logs(struct ctl *c, const struct args *a)
{
	uint64_t lines = 0, generation = 0;
	bool follows = args_has(a, "follow");
	json_t *result;

	if (parse_numbers(a, &lines, &generation))
		return output_error(c, CTL_USAGE, "usage", "--lines and --generation are numbers");

	struct follower f = {.ctl = c, .generation = (json_int_t)generation};
	enum ctl_exit status =
		ctl_call(c, "logs", make_args(&f, (json_int_t)lines, false), &result);

	if (status != CTL_OK)
		return status;
	f.last = member_integer(result, "last");
	if (c->json && !follows)
		output_json(json_incref(result));
	else
		print_lines(c, json_object_get(result, "lines"));
	json_decref(result);
	if (!follows)
		return CTL_OK;
	ctl_start_clock(c, 0);
	return follow(&f);
}
