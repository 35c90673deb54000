/* paths: what is watched, and changing it while the daemon runs. */
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/text.h"

#include <string.h>

static void print_text(const json_t *paths)
{
	size_t i;
	json_t *path;

	json_array_foreach(paths, i, path)
	{
		text_put(stdout, json_is_string(path) ? json_string_value(path) : "?");
		putchar('\n');
	}
}

/* The operation for "add PATH…", "remove PATH…" or nothing; NULL for anything else. */
static const char *operation(const struct args *a)
{
	if (a->n_words == 1)
		return "paths.list";
	if (a->n_words > 2 && strcmp(a->words[1], "add") == 0)
		return "paths.add";
	if (a->n_words > 2 && strcmp(a->words[1], "remove") == 0)
		return "paths.remove";
	return NULL;
}

enum ctl_exit cmd_paths(struct ctl *c, const struct args *a)
{
	const char *op = operation(a);
	json_t *args = NULL, *result;

	if (!op)
		return output_error(
			c, CTL_USAGE, "usage",
			"it is \"paths\", \"paths add PATH...\" or \"paths remove PATH...\"");
	if (a->n_words > 2) {
		json_t *paths = ctl_absolute_paths(c, a->words + 2, a->n_words - 2);

		if (!paths)
			return CTL_USAGE;
		args = json_pack("{s:o}", "paths", paths);
	}

	enum ctl_exit status = ctl_call(c, op, args, &result);

	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		print_text(json_object_get(result, "paths"));
	json_decref(result);
	return CTL_OK;
}
