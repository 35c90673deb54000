/* How this folder reports: one line for people in a struct config_error. */
#include "daemon/config/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int config_fail(struct config_error *e, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	for (char *p = e->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	e->status = status;
	return -EINVAL;
}

int config_no_memory(struct config_error *e)
{
	config_fail(e, CONFIG_STATUS_ENVIRONMENT, "out of memory");
	return -ENOMEM;
}

int config_fail_value(struct config_error *e, const char *where, const char *value,
		      const struct config_error *why)
{
	return config_fail(e, CONFIG_STATUS_USAGE, "%s \"%.160s\": %s", where, value, why->text);
}
