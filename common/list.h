/* Intrusive doubly linked list. A member says whose list it is in: `link; -- master.generations`. */
#ifndef COMMON_LIST_H
#define COMMON_LIST_H

#include "common/attr.h"

#include <stdbool.h>

struct list_node {
	struct list_node *prev;
	struct list_node *next;
};

struct list {
	struct list_node head;
};

void list_init(struct list *l);
bool list_empty(const struct list *l);
/* A node that is in no list: zeroed, or made so by list_remove(). */
bool list_linked(const struct list_node *n);
void list_push_back(struct list *l, struct list_node *n);
void list_push_front(struct list *l, struct list_node *n);
/* Safe on a node that is in no list. */
void list_remove(struct list_node *n);
/* NULL when the list is empty. */
struct list_node *list_first(const struct list *l);
struct list_node *list_last(const struct list *l);

#define list_entry(node, type, member) container_of(node, type, member)

/*
 * Walks the list; `it` may be removed and freed in the body, no other node may. `break` and
 * `continue` do what they say: `it_left` is set while a body runs, and only `break` leaves it set.
 */
#define list_for_each(it, l, type, member)                                                  \
	for (struct list_node *it##_n = (l)->head.next, *it##_next = it##_n->next,          \
			      *it##_left = NULL;                                            \
	     !it##_left && it##_n != &(l)->head;                                            \
	     it##_n = it##_next, it##_next = it##_left ? NULL : it##_n->next)               \
		for (type *it = (it##_left = it##_n, list_entry(it##_n, type, member)); it; \
		     it = NULL, it##_left = NULL)

#endif
