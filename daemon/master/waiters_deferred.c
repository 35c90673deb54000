/* Requests that wait for something else than a generation, kept as they came. */
#include "daemon/master/master.h"
#include "daemon/master/waiter.h"

#include <stdlib.h>
#include <string.h>

static void deferred_free(struct deferred *d)
{
	free(d->op);
	json_decref(d->args);
	free(d);
}

void deferred_remove(struct waiters *w, struct deferred *d)
{
	list_remove(&d->link);
	w->count--;
	deferred_free(d);
}

bool deferred_keep(struct waiters *w, const struct admin_peer *peer, const char *op, json_t *args)
{
	struct deferred *d = calloc(1, sizeof(*d));

	if (!d)
		return false;
	d->peer = *peer;
	d->args = json_incref(args);
	d->op = strdup(op);
	if (!d->op) {
		deferred_free(d);
		return false;
	}
	list_push_back(&w->deferred, &d->link);
	w->count++;
	return true;
}

void waiters_defer(struct master *m, const struct admin_peer *peer, const char *op, json_t *args)
{
	if (!waiters_have_room(m) || !deferred_keep(m->waiters, peer, op, args))
		waiters_refuse(m, peer);
}

bool waiters_has_deferred(const struct waiters *w, const char *op)
{
	list_for_each(d, &w->deferred, struct deferred, link)
		if (strcmp(d->op, op) == 0)
			return true;
	return false;
}

void waiters_take_deferred(struct master *m, const char *op, waiters_deferred_fn *fn, void *arg)
{
	struct list taken;

	/* Out of the list first, so that what is deferred anew is not met again. */
	list_init(&taken);
	list_for_each(d, &m->waiters->deferred, struct deferred, link) {
		if (strcmp(d->op, op) != 0)
			continue;
		list_remove(&d->link);
		m->waiters->count--;
		list_push_back(&taken, &d->link);
	}
	list_for_each(d, &taken, struct deferred, link) {
		fn(m, &d->peer, d->args, arg);
		list_remove(&d->link);
		deferred_free(d);
	}
}
