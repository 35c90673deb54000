/* why: whether a change of a file reloads, and which rule says so. */
#include "ctl/command.h"
#include "ctl/member.h"
#include "ctl/output.h"
#include "ctl/text.h"

static void print_text(const struct ctl *c, const json_t *result)
{
	struct style style = output_style(c);
	bool reloads = json_is_true(json_object_get(result, "reloads"));

	text_put_path(stdout, &style, member_string(result, "path", "?"));
	text_color(stdout, &style, reloads ? TEXT_GREEN : TEXT_YELLOW);
	fputs(reloads ? " reloads" : " does not reload", stdout);
	text_color(stdout, &style, TEXT_PLAIN);
	fputs(": ", stdout);
	text_put(stdout, member_string(result, "rule", "?"));
	putchar('\n');
}

enum ctl_exit cmd_why(struct ctl *c, const struct args *a)
{
	json_t *paths = ctl_absolute_paths(c, a->words + 1, 1), *result;

	if (!paths)
		return CTL_USAGE;

	enum ctl_exit status =
		ctl_call(c, "why", json_pack("{s:O}", "path", json_array_get(paths, 0)), &result);

	json_decref(paths);
	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		print_text(c, result);
	json_decref(result);
	return CTL_OK;
}
