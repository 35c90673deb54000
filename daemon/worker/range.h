/* One byte range of a representation (RFC 9110 §14). Pure. */
#ifndef DAEMON_WORKER_RANGE_H
#define DAEMON_WORKER_RANGE_H

#include <stddef.h>
#include <stdint.h>

enum range_verdict {
	RANGE_WHOLE, /* no range, one we cannot read, or several: answer 200 with everything */
	RANGE_PART,  /* 206 */
	RANGE_UNSATISFIABLE, /* 416 */
};

struct range {
	uint64_t first;
	uint64_t len;
};

/*
 * What the field value asks of a representation of `size` bytes. *r is written for RANGE_PART
 * only. A client that asks for several ranges gets everything, as §14.2 allows.
 */
enum range_verdict range_parse(const char *value, size_t len, uint64_t size, struct range *r);

#endif
