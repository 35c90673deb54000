/* The configuration as a value: its end, and the names of its enumerations. */
#include "daemon/config/config.h"

#include <stdlib.h>

void config_finish(struct config *c)
{
	free(c->target);
	free(c->target_origin);
	free(c->directory);
	free(c->python);
	free(c->app_dir);
	free(c->root_path);
	free(c->interface);
	free(c->lifespan);
	free(c->build);
	free(c->forwarded_allow_ips);
	free(c->admin);
	free(c->name);
	free(c->file_text);
	strv_finish(&c->command);
	strv_finish(&c->binds);
	strv_finish(&c->reload_paths);
	strv_finish(&c->reload_include);
	strv_finish(&c->reload_exclude);
	*c = (struct config){0};
}

void config_kept_finish(struct config_kept *k)
{
	free(k->target);
	free(k->app_dir);
	free(k->directory);
	free(k->file_text);
	*k = (struct config_kept){0};
}

const char *target_kind_name(enum target_kind k)
{
	switch (k) {
	case TARGET_APP:
		return "app";
	case TARGET_COMMAND:
		return "command";
	case TARGET_SITE:
		return "site";
	}
	return "?";
}

const char *handover_name(enum handover h)
{
	switch (h) {
	case HANDOVER_FRESH:
		return "fresh";
	case HANDOVER_OVERLAP:
		return "overlap";
	}
	return "?";
}
