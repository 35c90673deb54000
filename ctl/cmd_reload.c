/* reload: a new generation, and its verdict. */
#include "common/parse.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/verdict.h"

#include <string.h>

static bool is_mode(const char *mode)
{
	static const char *const modes[] = {"ready", "accepted", "drained"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(mode, modes[i]) == 0)
			return true;
	return false;
}

enum ctl_exit cmd_reload(struct ctl *c, const struct args *a)
{
	bool no_wait = args_has(a, "no-wait");
	const char *mode = args_value(a, "wait", no_wait ? "accepted" : "ready");
	const char *expected = args_value(a, "if-generation", NULL);
	const char *id = args_value(a, "id", NULL);
	char random[CTL_ID_LEN];
	uint64_t number = 0;

	if (!is_mode(mode))
		return output_error(c, CTL_USAGE, "usage",
				    "--wait \"%s\": it is ready, accepted or drained", mode);
	if (no_wait && strcmp(mode, "accepted") != 0)
		return output_error(c, CTL_USAGE, "usage",
				    "--no-wait and --wait %s contradict each other", mode);
	if (expected && parse_uint(expected, 0, INT64_MAX, &number))
		return output_error(c, CTL_USAGE, "usage", "--if-generation \"%s\": not a number",
				    expected);
	if (!id) {
		ctl_make_id(random);
		id = random;
	}
	return verdict_await(c, "reload", id,
			     json_pack("{s:s, s:o}", "wait", mode, "if_generation",
				       expected ? json_integer((json_int_t)number) : json_null()));
}
