/* The watched directories: an array of nodes, one of names, two indices. */
#include "daemon/master/watch_tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define FIRST_NODES 64
#define FIRST_NAMES 1024

static_assert(sizeof(struct watch_node) == 40, "what a directory costs is a promise");

void watch_tree_init(struct watch_tree *t)
{
	*t = (struct watch_tree){.free = WATCH_NONE};
}

void watch_tree_finish(struct watch_tree *t)
{
	free(t->nodes);
	free(t->names);
	watch_index_finish(&t->by_wd);
	watch_index_finish(&t->by_name);
	watch_tree_init(t);
}

uint32_t watch_dev(dev_t dev)
{
	return (uint32_t)major(dev) << 20 | (minor(dev) & 0xfffff);
}

const char *watch_tree_name(const struct watch_tree *t, uint32_t id)
{
	return t->names + t->nodes[id].name;
}

static uint32_t mix(uint32_t h)
{
	h ^= h >> 16;
	h *= 0x7feb352d;
	h ^= h >> 15;
	return h;
}

static uint32_t hash_wd(const void *owner, uint32_t id)
{
	const struct watch_tree *t = owner;

	return mix((uint32_t)t->nodes[id].wd);
}

static bool equal_wd(const void *owner, uint32_t id, const void *key)
{
	const struct watch_tree *t = owner;

	return t->nodes[id].wd == *(const int *)key;
}

struct name_key {
	uint32_t parent;
	const char *name;
	size_t len;
};

static uint32_t hash_key(const struct name_key *key)
{
	uint32_t h = 0x811c9dc5 ^ key->parent;

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->name[i]) * 0x01000193;
	return mix(h);
}

static uint32_t hash_name(const void *owner, uint32_t id)
{
	const struct watch_tree *t = owner;
	const char *name = watch_tree_name(t, id);

	return hash_key(&(struct name_key){t->nodes[id].parent, name, strlen(name)});
}

static bool equal_name(const void *owner, uint32_t id, const void *data)
{
	const struct watch_tree *t = owner;
	const struct name_key *key = data;
	const char *name = watch_tree_name(t, id);

	return t->nodes[id].parent == key->parent && strncmp(name, key->name, key->len) == 0 &&
	       name[key->len] == '\0';
}

static int reserve_node(struct watch_tree *t)
{
	uint32_t n = t->allocated ? t->allocated + t->allocated / 2 : FIRST_NODES;

	if (t->free != WATCH_NONE || t->size < t->allocated)
		return 0;

	struct watch_node *grown = realloc(t->nodes, n * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->nodes = grown;
	t->allocated = n;
	return 0;
}

int watch_tree_reserve(struct watch_tree *t, uint32_t n)
{
	struct watch_node *grown = realloc(t->nodes, ((size_t)t->size + n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->nodes = grown;
	t->allocated = t->size + n + 1;
	return watch_index_reserve(&t->by_name, n, hash_name, t) ||
			       watch_index_reserve(&t->by_wd, n, hash_wd, t)
		       ? -ENOMEM
		       : 0;
}

/* Copies the names that are in use into an array of at least `size`. */
static int rewrite_names(struct watch_tree *t, size_t size)
{
	char *names = malloc(size);
	size_t len = 0;

	if (!names)
		return -ENOMEM;
	for (uint32_t id = 0; id < t->size; id++) {
		if (!(t->nodes[id].flags & NODE_USED))
			continue;

		size_t n = strlen(watch_tree_name(t, id)) + 1;

		memcpy(names + len, watch_tree_name(t, id), n);
		t->nodes[id].name = (uint32_t)len;
		len += n;
	}
	free(t->names);
	t->names = names;
	t->names_len = len;
	t->names_size = size;
	t->names_dead = 0;
	return 0;
}

/* Room for a name of `len` and its NUL. What nobody uses any more is squeezed out before it becomes much. */
static int reserve_name(struct watch_tree *t, size_t len)
{
	size_t alive = t->names_len - t->names_dead, wanted = alive + len + 1, size;

	if (t->names_size - t->names_len > len)
		return 0;
	size = wanted + wanted / 2;
	if (size < FIRST_NAMES)
		size = FIRST_NAMES;
	if (size > UINT32_MAX)
		return -ENOMEM;
	if (t->names_dead > t->names_len / 4)
		return rewrite_names(t, size);
	size += t->names_dead;

	char *grown = realloc(t->names, size);

	if (!grown)
		return -ENOMEM;
	t->names = grown;
	t->names_size = size;
	return 0;
}

static uint32_t store_name(struct watch_tree *t, const char *name, size_t len)
{
	size_t at = t->names_len;

	memcpy(t->names + at, name, len);
	t->names[at + len] = '\0';
	t->names_len += len + 1;
	return (uint32_t)at;
}

static void forget_name(struct watch_tree *t, uint32_t id)
{
	t->names_dead += strlen(watch_tree_name(t, id)) + 1;
}

static void link_node(struct watch_tree *t, uint32_t id, uint32_t parent)
{
	struct watch_node *n = &t->nodes[id];

	n->parent = parent;
	n->prev = n->next = WATCH_NONE;
	if (parent == WATCH_NONE)
		return;
	n->next = t->nodes[parent].child;
	if (n->next != WATCH_NONE)
		t->nodes[n->next].prev = id;
	t->nodes[parent].child = id;
}

static void unlink_node(struct watch_tree *t, uint32_t id)
{
	struct watch_node *n = &t->nodes[id];

	if (n->prev != WATCH_NONE)
		t->nodes[n->prev].next = n->next;
	else if (n->parent != WATCH_NONE)
		t->nodes[n->parent].child = n->next;
	if (n->next != WATCH_NONE)
		t->nodes[n->next].prev = n->prev;
	n->next = n->prev = n->parent = WATCH_NONE;
}

uint32_t watch_tree_add(struct watch_tree *t, uint32_t parent, const char *name, size_t len)
{
	if (reserve_node(t) || reserve_name(t, len) ||
	    watch_index_reserve(&t->by_name, 1, hash_name, t))
		return WATCH_NONE;

	uint32_t id = t->free;

	if (id != WATCH_NONE)
		t->free = t->nodes[id].next;
	else
		id = t->size++;
	t->nodes[id] = (struct watch_node){.wd = -1, .child = WATCH_NONE, .flags = NODE_USED};
	t->nodes[id].name = store_name(t, name, len);
	link_node(t, id, parent);
	watch_index_add(&t->by_name, hash_name(t, id), id);
	t->used++;
	return id;
}

void watch_tree_remove(struct watch_tree *t, uint32_t id)
{
	struct watch_node *n = &t->nodes[id];

	assert((n->flags & NODE_USED) && n->child == WATCH_NONE);
	watch_tree_clear_wd(t, id);
	watch_tree_set_left_out(t, id, 0);
	if (!(n->flags & NODE_LIMBO))
		watch_index_remove(&t->by_name, id, hash_name, t);
	unlink_node(t, id);
	forget_name(t, id);
	n->flags = 0;
	n->next = t->free;
	t->free = id;
	t->used--;
}

int watch_tree_move(struct watch_tree *t, uint32_t id, uint32_t parent, const char *name)
{
	bool limbo = parent == WATCH_NONE;
	size_t len = limbo ? 0 : strlen(name);

	if (!limbo && watch_tree_is_within(t, parent, id))
		return -ELOOP;
	if (!limbo && (reserve_name(t, len) || watch_index_reserve(&t->by_name, 1, hash_name, t)))
		return -ENOMEM;
	if (!(t->nodes[id].flags & NODE_LIMBO))
		watch_index_remove(&t->by_name, id, hash_name, t);
	unlink_node(t, id);
	if (limbo) {
		t->nodes[id].flags |= NODE_LIMBO;
		return 0;
	}
	forget_name(t, id);
	t->nodes[id].name = store_name(t, name, len);
	t->nodes[id].flags &= (uint16_t)~NODE_LIMBO;
	link_node(t, id, parent);
	watch_index_add(&t->by_name, hash_name(t, id), id);
	return 0;
}

int watch_tree_set_wd(struct watch_tree *t, uint32_t id, int wd)
{
	if (t->nodes[id].wd == wd)
		return 0;
	if (watch_index_reserve(&t->by_wd, 1, hash_wd, t))
		return -ENOMEM;
	watch_tree_clear_wd(t, id);
	t->nodes[id].wd = wd;
	if (wd >= 0)
		watch_index_add(&t->by_wd, hash_wd(t, id), id);
	return 0;
}

void watch_tree_clear_wd(struct watch_tree *t, uint32_t id)
{
	if (t->nodes[id].wd >= 0)
		watch_index_remove(&t->by_wd, id, hash_wd, t);
	t->nodes[id].wd = -1;
}

void watch_tree_set_left_out(struct watch_tree *t, uint32_t id, unsigned n)
{
	struct watch_node *node = &t->nodes[id];

	if (n > UINT16_MAX)
		n = UINT16_MAX;
	t->left_out += n;
	t->left_out -= node->left_out;
	node->left_out = (uint16_t)n;
}

uint32_t watch_tree_by_wd(const struct watch_tree *t, int wd)
{
	return watch_index_find(&t->by_wd, mix((uint32_t)wd), equal_wd, t, &wd);
}

uint32_t watch_tree_child(const struct watch_tree *t, uint32_t parent, const char *name, size_t len)
{
	struct name_key key = {parent, name, len};

	return watch_index_find(&t->by_name, hash_key(&key), equal_name, t, &key);
}

void watch_tree_memory(const struct watch_tree *t, size_t *used, size_t *allocated)
{
	size_t slots = ((size_t)t->by_wd.size + t->by_name.size) * sizeof(uint32_t);

	*used = t->used * sizeof(*t->nodes) + t->names_len - t->names_dead + slots;
	*allocated = t->allocated * sizeof(*t->nodes) + t->names_size + slots;
}
