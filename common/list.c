/* Intrusive doubly linked list: a ring through the head. */
#include "common/list.h"

#include <assert.h>

void list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

bool list_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

bool list_linked(const struct list_node *n)
{
	return n->next != NULL;
}

static void link_between(struct list_node *n, struct list_node *prev, struct list_node *next)
{
	assert(!list_linked(n));
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}

void list_push_back(struct list *l, struct list_node *n)
{
	link_between(n, l->head.prev, &l->head);
}

void list_push_front(struct list *l, struct list_node *n)
{
	link_between(n, &l->head, l->head.next);
}

void list_remove(struct list_node *n)
{
	if (!list_linked(n))
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = NULL;
}

struct list_node *list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->head.next;
}

struct list_node *list_last(const struct list *l)
{
	return list_empty(l) ? NULL : l->head.prev;
}
