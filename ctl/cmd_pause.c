/* pause: changes are remembered, and reload nothing until `resume`. */
#include "ctl/command.h"
#include "ctl/output.h"

enum ctl_exit cmd_pause(struct ctl *c, const struct args *a BB_UNUSED)
{
	json_t *result;
	enum ctl_exit status = ctl_call(c, "pause", NULL, &result);

	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		puts("paused; what changes now reloads at \"blackbullctl resume\"");
	json_decref(result);
	return CTL_OK;
}
