/* sync: until every write made before this call is served, or has failed. */
#include "ctl/command.h"
#include "ctl/verdict.h"

enum ctl_exit cmd_sync(struct ctl *c, const struct args *a BB_UNUSED)
{
	char id[CTL_ID_LEN];

	ctl_make_id(id);
	return verdict_await(c, "sync", id, NULL);
}
