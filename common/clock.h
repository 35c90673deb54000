/* Two clocks that the compiler keeps apart: monotonic for deciding, wall time for showing. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. Zero means "never". It goes on across execve(2). */
struct mono {
	int64_t ns;
};

/* CLOCK_REALTIME in nanoseconds since 1970. Zero means "never". */
struct wall {
	int64_t ns;
};

struct mono mono_now(void);
struct wall wall_now(void);

static inline bool mono_is_set(struct mono t)
{
	return t.ns != 0;
}
static inline struct mono mono_add_ms(struct mono t, int64_t ms)
{
	return (struct mono){t.ns + ms * 1000000};
}
static inline bool mono_before(struct mono a, struct mono b)
{
	return a.ns < b.ns;
}
/* a - b in milliseconds, as a fraction; negative when a is earlier. */
static inline double mono_diff_ms(struct mono a, struct mono b)
{
	return (double)(a.ns - b.ns) / 1e6;
}

#define WALL_RFC3339_LEN 32

/* "2026-11-23T00:48:15.123Z" (RFC 3339, UTC, milliseconds). Returns `out`. */
char *wall_format(struct wall t, char out[WALL_RFC3339_LEN]);
/* Returns 0, or -EINVAL. Takes what wall_format() writes. */
int wall_parse(const char *s, struct wall *t);

#endif
