/* workers: what each of them is and does. */
#include "ctl/command.h"
#include "ctl/output.h"

enum ctl_exit cmd_workers(struct ctl *c, const struct args *a BB_UNUSED)
{
	struct style style = output_style(c);
	json_t *result;
	enum ctl_exit status = ctl_call(c, "workers", NULL, &result);

	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		text_workers(stdout, &style, "", json_object_get(result, "workers"));
	json_decref(result);
	return CTL_OK;
}
