/* A set of numbers, found by a hash of what they stand for: open addressing, four bytes a slot, at most 3/4 full. */
#ifndef DAEMON_MASTER_WATCH_INDEX_H
#define DAEMON_MASTER_WATCH_INDEX_H

#include "common/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* The hash of the thing that number `id` stands for now. */
typedef uint32_t watch_index_hash_fn(const void *owner, uint32_t id);
/* Whether number `id` stands for the thing that is looked for. */
typedef bool watch_index_equal_fn(const void *owner, uint32_t id, const void *key);

/* Zeroed it is empty. */
struct watch_index {
	uint32_t *slots; /* UINT32_MAX: free */
	uint32_t size;	 /* a power of two, or 0 */
	uint32_t used;
};

void watch_index_finish(struct watch_index *x);
/* Makes room for n numbers more. Returns 0 or -ENOMEM. */
int watch_index_reserve(struct watch_index *x, uint32_t n, watch_index_hash_fn *hash,
			const void *owner) BB_NODISCARD;
/* There must be room. */
void watch_index_add(struct watch_index *x, uint32_t hash, uint32_t id);
/* The number is in the set. */
void watch_index_remove(struct watch_index *x, uint32_t id, watch_index_hash_fn *hash,
			const void *owner);
/* UINT32_MAX when there is none. */
uint32_t watch_index_find(const struct watch_index *x, uint32_t hash, watch_index_equal_fn *equal,
			  const void *owner, const void *key);

#endif
