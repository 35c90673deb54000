/* A set of numbers, found by hash. Linear probing; a removal closes the gap, so there are no tombstones. */
#include "daemon/master/watch_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY	   UINT32_MAX
#define FIRST_SIZE 16

void watch_index_finish(struct watch_index *x)
{
	free(x->slots);
	*x = (struct watch_index){0};
}

void watch_index_add(struct watch_index *x, uint32_t hash, uint32_t id)
{
	uint32_t i = hash & (x->size - 1);

	while (x->slots[i] != EMPTY)
		i = (i + 1) & (x->size - 1);
	x->slots[i] = id;
	x->used++;
}

int watch_index_reserve(struct watch_index *x, uint32_t n, watch_index_hash_fn *hash,
			const void *owner)
{
	struct watch_index grown = {.size = x->size ? x->size : FIRST_SIZE};
	uint64_t wanted = (uint64_t)x->used + n;

	while (wanted > (uint64_t)grown.size / 4 * 3)
		grown.size *= 2;
	if (grown.size == x->size)
		return 0;
	grown.slots = malloc(grown.size * sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	memset(grown.slots, 0xff, grown.size * sizeof(*grown.slots));
	for (uint32_t i = 0; i < x->size; i++)
		if (x->slots[i] != EMPTY)
			watch_index_add(&grown, hash(owner, x->slots[i]), x->slots[i]);
	free(x->slots);
	*x = grown;
	return 0;
}

/* Moves what stands behind a gap into it, unless it would then stand before its own place. */
static void close_gap(struct watch_index *x, uint32_t gap, watch_index_hash_fn *hash,
		      const void *owner)
{
	uint32_t mask = x->size - 1;

	for (uint32_t i = (gap + 1) & mask; x->slots[i] != EMPTY; i = (i + 1) & mask) {
		uint32_t home = hash(owner, x->slots[i]) & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		x->slots[gap] = x->slots[i];
		gap = i;
	}
	x->slots[gap] = EMPTY;
}

void watch_index_remove(struct watch_index *x, uint32_t id, watch_index_hash_fn *hash,
			const void *owner)
{
	uint32_t i = hash(owner, id) & (x->size - 1);

	while (x->slots[i] != id)
		i = (i + 1) & (x->size - 1);
	x->used--;
	close_gap(x, i, hash, owner);
}

uint32_t watch_index_find(const struct watch_index *x, uint32_t hash, watch_index_equal_fn *equal,
			  const void *owner, const void *key)
{
	if (x->size == 0)
		return EMPTY;
	for (uint32_t i = hash & (x->size - 1); x->slots[i] != EMPTY; i = (i + 1) & (x->size - 1))
		if (equal(owner, x->slots[i], key))
			return x->slots[i];
	return EMPTY;
}
