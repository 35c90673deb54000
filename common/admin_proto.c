/* The words of the admin protocol: one table of error codes, for both sides. */
#include "common/admin_proto.h"

#include "common/attr.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *code;
	enum ctl_exit status;
} errors[] = {
	[ADMIN_ERR_FAILED] = {"generation_failed", CTL_FAILED},
	[ADMIN_ERR_BAD_REQUEST] = {"bad_request", CTL_FAILED},
	[ADMIN_ERR_UNKNOWN_OP] = {"unknown_op", CTL_VERSION},
	[ADMIN_ERR_NOT_FOUND] = {"not_found", CTL_FAILED},
	[ADMIN_ERR_NOT_PERMITTED] = {"not_permitted", CTL_NOT_PERMITTED},
	[ADMIN_ERR_CONFLICT] = {"conflict", CTL_CONFLICT},
	[ADMIN_ERR_SUPERSEDED] = {"superseded", CTL_CONFLICT},
	[ADMIN_ERR_VERSION] = {"version", CTL_VERSION},
	[ADMIN_ERR_STOPPING] = {"stopping", CTL_FAILED},
};

const char *admin_error_code(enum admin_error e)
{
	assert((size_t)e < ARRAY_LEN(errors));
	return errors[e].code;
}

enum ctl_exit admin_error_exit(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (strcmp(errors[i].code, code) == 0)
			return errors[i].status;
	return CTL_FAILED;
}
