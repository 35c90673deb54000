/* generations: the history, or one of it in full. */
#include "common/parse.h"
#include "ctl/command.h"
#include "ctl/output.h"

static void print_text(const struct ctl *c, const json_t *generations, bool one)
{
	struct style style = output_style(c);

	if (one)
		text_generation(stdout, &style, json_array_get(generations, 0));
	else
		text_generations(stdout, &style, generations);
}

enum ctl_exit cmd_generations(struct ctl *c, const struct args *a)
{
	const char *word = a->n_words > 1 ? a->words[1] : NULL;
	uint64_t number = 0;
	json_t *result;

	if (word && parse_uint(word, 1, INT64_MAX, &number))
		return output_error(c, CTL_USAGE, "usage",
				    "\"%s\" is not the number of a generation", word);

	json_t *wanted = word ? json_integer((json_int_t)number) : json_null();
	enum ctl_exit status =
		ctl_call(c, "generations", json_pack("{s:o}", "number", wanted), &result);

	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		print_text(c, json_object_get(result, "generations"), word != NULL);
	json_decref(result);
	return CTL_OK;
}
