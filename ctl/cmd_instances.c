/* instances: all live daemons of this user. Asks none of them: their folders tell. */
#include "ctl/command.h"
#include "ctl/output.h"

#include <errno.h>
#include <string.h>

/* What info.json says, and where the socket is. */
static json_t *describe(const struct instances *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->len; i++) {
		json_t *instance = json_copy(all->v[i].info);

		json_object_set_new(instance, "socket", json_string(all->v[i].socket));
		json_array_append_new(list, instance);
	}
	return list;
}

enum ctl_exit cmd_instances(struct ctl *c, const struct args *a BB_UNUSED)
{
	struct style style = output_style(c);
	struct instances all = {0};
	int err = instances_scan(&all);

	if (err)
		return output_error(
			c, err == -EPERM || err == -EACCES ? CTL_NOT_PERMITTED : CTL_FAILED,
			err == -EPERM || err == -EACCES ? "not_permitted" : "failed",
			"looking for instances: %s", strerror(-err));

	json_t *list = describe(&all);

	instances_finish(&all);
	if (c->json) {
		output_json(json_pack("{s:o}", "instances", list));
		return CTL_OK;
	}
	if (!c->quiet && json_array_size(list) > 0)
		text_instances(stdout, &style, list);
	else if (!c->quiet)
		fputs("blackbullctl: no blackbulld of yours is running\n", stderr);
	json_decref(list);
	return CTL_OK;
}
