/*
 * Numbered records in a ring of bytes: the newest push out the oldest. The bytes lie in a memfd that is mapped, so that they
 * cross execve(2) as they are: a hand-over costs the same however full the ring is.
 *
 *   memory: the index, where record n begins (u32) at n % most; the records, each len:u32 bytes. In this machine's order.
 */
#ifndef DAEMON_MASTER_RING_H
#define DAEMON_MASTER_RING_H

#include "common/attr.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct handoff_fds;
struct ring;

/*
 * Room for `size` bytes, rounded up to pages, and for `most` records, the first of which is number 1. The memory is made
 * with the first record; `name` (kept by reference) is shown in /proc. NULL: no memory.
 */
struct ring *ring_create(const char *name, size_t size, size_t most);
/* Accepts NULL. */
void ring_destroy(struct ring *r);

/* Adds one record, made of `n` parts. Returns 0; -EMSGSIZE: larger than the ring; other -errno: no memory, no descriptor. */
int ring_add(struct ring *r, const struct iovec *parts, size_t n) BB_NODISCARD;

/* Numbers first … last are kept; first is last + 1 when there are none. */
uint64_t ring_first(const struct ring *r);
uint64_t ring_last(const struct ring *r);
/* A record in one piece, which stays until the next ring_add(). NULL: it is not kept. */
const char *ring_at(const struct ring *r, uint64_t number, size_t *len);

/* Across execve(2). NULL when memory runs out. */
json_t *ring_save(const struct ring *r, struct handoff_fds *fds);
/*
 * Into a ring without records: what `state` says, whose descriptor it takes. Returns 0; -EBADMSG or other -errno: the
 * records are lost, and only the numbers go on, if they can be read.
 */
int ring_restore(struct ring *r, const json_t *state, struct handoff_fds *fds) BB_NODISCARD;

#endif
