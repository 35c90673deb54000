/* resume: changes reload again; what changed during the pause reloads now. */
#include "ctl/command.h"
#include "ctl/output.h"

enum ctl_exit cmd_resume(struct ctl *c, const struct args *a BB_UNUSED)
{
	json_t *result;
	enum ctl_exit status = ctl_call(c, "resume", NULL, &result);

	if (status != CTL_OK)
		return status;
	if (c->json)
		output_json(json_incref(result));
	else if (!c->quiet)
		puts("resumed");
	json_decref(result);
	return CTL_OK;
}
