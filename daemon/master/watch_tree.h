/*
 * The watched directories: nodes {wd, parent, name, identity}, found by watch descriptor or by parent and name. Paths
 * are computed by walking up, so a rename is O(1) and no path can go stale. Memory only: no system calls.
 *
 * A node is named by its number, which stays until the node is removed and is then used again. A root's node has
 * no parent and is named by its absolute path. One in limbo has no parent and no path: it was moved away, and
 * where to is not known yet.
 */
#ifndef DAEMON_MASTER_WATCH_TREE_H
#define DAEMON_MASTER_WATCH_TREE_H

#include "common/attr.h"
#include "daemon/master/watch_index.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define WATCH_NONE UINT32_MAX

enum watch_node_flag {
	NODE_USED = 1 << 0,
	NODE_LIMBO = 1 << 1,
	NODE_QUEUED = 1 << 2,	/* is to be listed */
	NODE_CATCH_UP = 1 << 3, /* …and every file in it is a change */
	NODE_QUIET = 1 << 4,	/* …and directories that turn up in it are no news */
	NODE_POLLED = 1 << 5,
	NODE_REFUSED = 1 << 6, /* polled because the kernel had no watch for it */
	NODE_NETWORK = 1 << 7, /* polled because others can write without the kernel knowing */
	NODE_MATCH = 1 << 8,   /* holds or held a file that counts */
	NODE_SEEN = 1 << 9,    /* scratch, while the parent is listed */
	NODE_LISTED = 1 << 10, /* at least once */
};

/* 40 bytes. */
struct watch_node {
	uint64_t ino; /* 0: not known */
	uint32_t dev; /* watch_dev() */
	int32_t wd;   /* -1: none */
	uint32_t parent;
	uint32_t child; /* the first */
	uint32_t next;
	uint32_t prev;
	uint32_t name; /* where in names */
	uint16_t flags;
	uint16_t left_out; /* directories in it that a rule excludes */
};

struct watch_tree {
	struct watch_node *nodes;
	uint32_t size;	    /* numbers given out so far */
	uint32_t allocated; /* room */
	uint32_t used;	    /* nodes */
	uint32_t free;	    /* first free number; they are chained by `next` */
	uint64_t left_out;  /* sum over the nodes */
	char *names;	    /* NUL-terminated, one behind the other */
	size_t names_len;
	size_t names_size;
	size_t names_dead; /* bytes that no node uses any more */
	struct watch_index by_wd;
	struct watch_index by_name; /* of parent and name */
};

void watch_tree_init(struct watch_tree *t);
void watch_tree_finish(struct watch_tree *t);

static inline struct watch_node *watch_node(const struct watch_tree *t, uint32_t id)
{
	return &t->nodes[id];
}
/* A device number in the kernel's own 32 bits. */
uint32_t watch_dev(dev_t dev);

/*
 * A new node; parent WATCH_NONE makes a root's, named by its path. There must be none of that name yet.
 * WATCH_NONE when memory runs out.
 */
uint32_t watch_tree_add(struct watch_tree *t, uint32_t parent, const char *name, size_t len);
/* Makes room for n nodes, so that adding them does not move the others about. 0 or -ENOMEM. */
int watch_tree_reserve(struct watch_tree *t, uint32_t n) BB_NODISCARD;
/* Removes a node that has no children. */
void watch_tree_remove(struct watch_tree *t, uint32_t id);
/*
 * Gives a node another parent and name; parent WATCH_NONE: into limbo, the name is kept. 0, -ENOMEM, or -ELOOP:
 * the new parent is the node or below it. On error nothing has changed.
 */
int watch_tree_move(struct watch_tree *t, uint32_t id, uint32_t parent,
		    const char *name) BB_NODISCARD;
/* 0 or -ENOMEM. wd -1: has none (never fails). */
int watch_tree_set_wd(struct watch_tree *t, uint32_t id, int wd) BB_NODISCARD;
void watch_tree_clear_wd(struct watch_tree *t, uint32_t id);
void watch_tree_set_left_out(struct watch_tree *t, uint32_t id, unsigned n);

/* WATCH_NONE when there is none. */
uint32_t watch_tree_by_wd(const struct watch_tree *t, int wd);
uint32_t watch_tree_child(const struct watch_tree *t, uint32_t parent, const char *name,
			  size_t len);
uint32_t watch_tree_top(const struct watch_tree *t, uint32_t id);
const char *watch_tree_name(const struct watch_tree *t, uint32_t id);
bool watch_tree_is_within(const struct watch_tree *t, uint32_t id, uint32_t ancestor);
/* The node behind `id` in the subtree of `top`, parents before children; WATCH_NONE behind the last. */
uint32_t watch_tree_next(const struct watch_tree *t, uint32_t id, uint32_t top);

struct watch_path {
	char text[PATH_MAX]; /* of a directory */
	size_t len;
	size_t root_len; /* the part that is the root's; 0 for "/" */
};

/* Returns 0, -ENAMETOOLONG, or -ESTALE: it is in limbo. */
int watch_tree_path(const struct watch_tree *t, uint32_t id, struct watch_path *path) BB_NODISCARD;
/* Appends "/name", for the time being: cut it off by watch_path_cut(). Returns 0 or -ENAMETOOLONG. */
int watch_path_push(struct watch_path *path, const char *name) BB_NODISCARD;
void watch_path_cut(struct watch_path *path, size_t len);

/* Bytes in use and bytes allocated. */
void watch_tree_memory(const struct watch_tree *t, size_t *used, size_t *allocated);

#endif
