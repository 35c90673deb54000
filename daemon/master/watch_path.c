/* The watched directories: walking them, and their paths. */
#include "daemon/master/watch_tree.h"

#include <errno.h>
#include <string.h>

uint32_t watch_tree_top(const struct watch_tree *t, uint32_t id)
{
	while (t->nodes[id].parent != WATCH_NONE)
		id = t->nodes[id].parent;
	return id;
}

bool watch_tree_is_within(const struct watch_tree *t, uint32_t id, uint32_t ancestor)
{
	while (id != ancestor && id != WATCH_NONE)
		id = t->nodes[id].parent;
	return id == ancestor;
}

uint32_t watch_tree_next(const struct watch_tree *t, uint32_t id, uint32_t top)
{
	if (t->nodes[id].child != WATCH_NONE)
		return t->nodes[id].child;
	while (id != top && t->nodes[id].next == WATCH_NONE)
		id = t->nodes[id].parent;
	return id == top ? WATCH_NONE : t->nodes[id].next;
}

/* The length of the path, and the top node. */
static size_t measure(const struct watch_tree *t, uint32_t id, uint32_t *top)
{
	size_t len = 0;

	while (t->nodes[id].parent != WATCH_NONE) {
		len += 1 + strlen(watch_tree_name(t, id));
		id = t->nodes[id].parent;
	}
	*top = id;
	return len;
}

int watch_tree_path(const struct watch_tree *t, uint32_t id, struct watch_path *path)
{
	uint32_t top;
	size_t below = measure(t, id, &top);
	const char *root = watch_tree_name(t, top);
	size_t root_len = strlen(root);

	if (t->nodes[top].flags & NODE_LIMBO)
		return -ESTALE;
	if (root_len == 1) /* "/" */
		root_len = 0;
	if (root_len + below + 2 > sizeof(path->text))
		return -ENAMETOOLONG;
	path->root_len = root_len;
	path->len = root_len + below;
	memcpy(path->text, root, root_len);

	char *end = path->text + path->len;

	*end = '\0';
	for (; id != top; id = t->nodes[id].parent) {
		const char *name = watch_tree_name(t, id);
		size_t len = strlen(name);

		end -= len;
		memcpy(end, name, len);
		*--end = '/';
	}
	if (path->len == 0)
		memcpy(path->text, "/", 2);
	return 0;
}

int watch_path_push(struct watch_path *path, const char *name)
{
	size_t len = strlen(name);

	if (path->len + 1 + len >= sizeof(path->text))
		return -ENAMETOOLONG;
	path->text[path->len] = '/';
	memcpy(path->text + path->len + 1, name, len + 1);
	path->len += 1 + len;
	return 0;
}

void watch_path_cut(struct watch_path *path, size_t len)
{
	path->len = len;
	path->text[len] = '\0';
	if (len == 0)
		memcpy(path->text, "/", 2);
}
