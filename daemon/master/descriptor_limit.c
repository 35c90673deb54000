/* The soft limit of open descriptors: ours raised, our children's as it was. */
#include "daemon/master/descriptor_limit.h"

#include "common/log.h"
#include "common/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

void descriptor_limit_raise(bool first)
{
	struct rlimit limit;
	char text[24];

	if ((!first && getenv(DESCRIPTOR_LIMIT_ENV)) || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)limit.rlim_cur);
	if (setenv(DESCRIPTOR_LIMIT_ENV, text, 1) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn_errno(errno, "RLIMIT_NOFILE: cannot be raised from %s", text);
}

void descriptor_limit_restore(void)
{
	const char *text = getenv(DESCRIPTOR_LIMIT_ENV);
	struct rlimit limit;
	uint64_t soft;

	if (!text || parse_uint(text, 0, UINT64_MAX, &soft) < 0 ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0 || soft > limit.rlim_max)
		return;
	limit.rlim_cur = (rlim_t)soft;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
