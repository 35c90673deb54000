/* wait: until a generation serves or failed, or nothing is under way. */
#include "common/parse.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/verdict.h"

enum ctl_exit cmd_wait(struct ctl *c, const struct args *a)
{
	const char *word = a->n_words > 1 ? a->words[1] : NULL;
	char id[CTL_ID_LEN];
	uint64_t number = 0;

	if (word && parse_uint(word, 1, INT64_MAX, &number))
		return output_error(c, CTL_USAGE, "usage",
				    "\"%s\" is not the number of a generation", word);
	ctl_make_id(id);
	return verdict_await(c, "wait", id,
			     json_pack("{s:o, s:s}", "generation",
				       word ? json_integer((json_int_t)number) : json_null(),
				       "until", args_has(a, "idle") ? "idle" : "ready"));
}
