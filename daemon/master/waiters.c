/* Requests that are answered later: those that wait for a generation, and the life of all. */
#include "daemon/master/waiters.h"

#include "daemon/master/admin_answer.h"
#include "daemon/master/generation.h"
#include "daemon/master/history.h"
#include "daemon/master/master.h"
#include "daemon/master/waiter.h"

#include <inttypes.h>
#include <stdlib.h>

struct waiters *waiters_create(void)
{
	struct waiters *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	list_init(&w->waiting);
	list_init(&w->deferred);
	return w;
}

bool waiter_keep(struct waiters *w, const struct waiter *one)
{
	struct waiter *kept = malloc(sizeof(*kept));

	if (!kept)
		return false;
	*kept = *one;
	list_push_back(&w->waiting, &kept->link);
	w->count++;
	return true;
}

void waiter_remove(struct waiters *w, struct waiter *one)
{
	list_remove(&one->link);
	w->count--;
	free(one);
}

void waiters_destroy(struct waiters *w)
{
	if (!w)
		return;
	list_for_each(one, &w->waiting, struct waiter, link)
		waiter_remove(w, one);
	list_for_each(d, &w->deferred, struct deferred, link)
		deferred_remove(w, d);
	for (size_t i = 0; i < IDS_KEPT; i++)
		free(w->ids[i].id);
	free(w);
}

bool waiters_have_room(struct master *m)
{
	struct waiters *w = m->waiters;

	if (w->count < WAITING_MAX)
		return true;
	list_for_each(one, &w->waiting, struct waiter, link)
		if (!admin_peer_is_there(m->admin, &one->peer))
			waiter_remove(w, one);
	list_for_each(d, &w->deferred, struct deferred, link)
		if (!admin_peer_is_there(m->admin, &d->peer))
			deferred_remove(w, d);
	return w->count < WAITING_MAX;
}

void waiters_refuse(struct master *m, const struct admin_peer *peer)
{
	answer_error(m, peer, ADMIN_ERR_FAILED,
		     "%d requests are waiting already; ask again when some were answered",
		     WAITING_MAX);
}

/* What is under way, or still has work of its own to finish. */
static bool is_idle(const struct master *m)
{
	const struct generation *current = master_current(m);

	if (master_pending(m))
		return false;
	/* One that is replaced says so a moment after the new one serves. */
	list_for_each(g, &m->generations, struct generation, link)
		if (g->state == GEN_DRAINING || (g->state == GEN_SERVING && g != current))
			return false;
	return true;
}

static bool older_is_left(const struct master *m, uint64_t number)
{
	list_for_each(g, &m->generations, struct generation, link)
		if (g->number < number && !gen_is_terminal(g->state))
			return true;
	return false;
}

/* The oldest generation after `number`, which took its place. NULL: not there yet. */
static const struct generation *successor(const struct master *m, uint64_t number)
{
	list_for_each(g, &m->generations, struct generation, link)
		if (g->number > number)
			return g;
	/* It may have failed and left the list already. */
	return m->last_failed && m->last_failed->number > number ? m->last_failed : NULL;
}

/* Only the history knows it, if anybody. */
static void answer_from_history(struct master *m, const struct waiter *w)
{
	json_t *record = history_find(m->history, w->number);

	if (record)
		answer_recorded(m, &w->peer, record);
	else if (w->number == 0)
		answer_error(m, &w->peer, ADMIN_ERR_NOT_FOUND, "there is no generation yet");
	else
		answer_error(m, &w->peer, ADMIN_ERR_NOT_FOUND,
			     "generation %" PRIu64
			     " is no longer known; look at \"blackbullctl status\"",
			     w->number);
}

/* Whether the state of `g` is what was waited for. */
static bool has_got_there(const struct master *m, const struct waiter *w,
			  const struct generation *g)
{
	if (w->until == WAIT_DRAINED && g->state != GEN_FAILED && older_is_left(m, g->number))
		return false;
	return gen_is_settled(g->state);
}

/* The generation that the waiter is about now; *known is false while that is open. */
static const struct generation *find_subject(const struct master *m, struct waiter *w,
					     const struct generation *changed, bool *known)
{
	const struct generation *g;

	*known = true;
	if (w->number == 0)
		return answer_newest_settled(m);
	if (w->next) {
		g = successor(m, w->number);
		*known = g != NULL;
		if (g) {
			w->number = g->number;
			w->next = false;
		}
		return g;
	}
	if (changed && changed->number == w->number)
		return changed;
	return answer_find(m, w->number);
}

/* Answers if it is time to. Returns false while the client has to go on waiting. */
static bool try_answer(struct master *m, struct waiter *w, const struct generation *changed)
{
	if (w->until == WAIT_IDLE && !is_idle(m))
		return false;
	for (;;) {
		bool known;
		const struct generation *g = find_subject(m, w, changed, &known);

		if (!known || (g && !has_got_there(m, w, g)))
			return false;
		if (!g) {
			answer_from_history(m, w);
			return true;
		}
		if (!(w->follow && g->state == GEN_FAILED && g->superseded)) {
			answer_verdict(m, &w->peer, g);
			return true;
		}
		w->number = g->number;
		w->next = true;
	}
}

void waiters_add(struct master *m, const struct admin_peer *peer, uint64_t number,
		 enum wait_until until, bool follow, const char *id)
{
	struct waiter w = {.peer = *peer, .number = number, .until = until, .follow = follow};

	if (id && number)
		waiters_keep_id(m->waiters, id, number);
	if (try_answer(m, &w, NULL))
		return;
	if (m->stopping) {
		answer_error(m, peer, ADMIN_ERR_STOPPING, "the daemon is stopping");
		return;
	}
	if (!waiters_have_room(m) || !waiter_keep(m->waiters, &w))
		waiters_refuse(m, peer);
}

void waiters_notify(struct master *m, const struct generation *g)
{
	/* What fails now fails because of the stop, which waiters_stop() says better. */
	if (m->stopping)
		return;
	list_for_each(w, &m->waiters->waiting, struct waiter, link)
		if (try_answer(m, w, g))
			waiter_remove(m->waiters, w);
}

void waiters_stop(struct master *m)
{
	static const char text[] = "the daemon is stopping; start it and ask again";
	struct waiters *w = m->waiters;

	list_for_each(one, &w->waiting, struct waiter, link) {
		answer_error(m, &one->peer, ADMIN_ERR_STOPPING, "%s", text);
		waiter_remove(w, one);
	}
	list_for_each(d, &w->deferred, struct deferred, link) {
		answer_error(m, &d->peer, ADMIN_ERR_STOPPING, "%s", text);
		deferred_remove(w, d);
	}
}
