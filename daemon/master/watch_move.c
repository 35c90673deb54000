/* Directories that were moved away and have not turned up yet. */
#include "daemon/master/watch_move.h"

#include "daemon/master/watch_nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void remove_at(struct watch *w, size_t i)
{
	free(w->moves[i].path);
	memmove(&w->moves[i], &w->moves[i + 1], (--w->moves_count - i) * sizeof(*w->moves));
	if (w->moves_count == 0) {
		free(w->moves);
		w->moves = NULL;
	}
}

int watch_move_append(struct watch *w, uint32_t id, uint32_t cookie, const char *path,
		      struct mono at)
{
	struct watch_move *grown = realloc(w->moves, (w->moves_count + 1) * sizeof(*grown));
	char *copy = strdup(path);

	if (grown)
		w->moves = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	w->moves[w->moves_count++] =
		(struct watch_move){.cookie = cookie, .node = id, .at = at, .path = copy};
	return 0;
}

void watch_move_begin(struct watch *w, uint32_t id, uint32_t cookie, const char *path,
		      struct mono now)
{
	/* Should memory run out it is let go; if it was only renamed, it is armed anew. */
	if (watch_move_append(w, id, cookie, path, now) ||
	    watch_tree_move(&w->tree, id, WATCH_NONE, NULL))
		watch_lose(w, id, now);
}

#define DISPLACED 0 /* no cookie of the kernel's */

void watch_move_displace(struct watch *w, uint32_t id, const char *path, struct mono now)
{
	watch_move_begin(w, id, DISPLACED, path, now);
}

bool watch_move_adopt(struct watch *w, uint32_t cookie, const char *path)
{
	for (size_t i = 0; i < w->moves_count; i++) {
		if (w->moves[i].cookie != DISPLACED || strcmp(w->moves[i].path, path) != 0)
			continue;
		w->moves[i].cookie = cookie;
		return true;
	}
	return false;
}

uint32_t watch_move_take(struct watch *w, uint32_t cookie)
{
	for (size_t i = 0; i < w->moves_count; i++) {
		uint32_t id = w->moves[i].node;

		if (w->moves[i].cookie != cookie)
			continue;
		remove_at(w, i);
		return id;
	}
	return WATCH_NONE;
}

void watch_move_forget(struct watch *w, uint32_t id)
{
	for (size_t i = w->moves_count; i-- > 0;)
		if (w->moves[i].node == id)
			remove_at(w, i);
}

struct mono watch_move_deadline(const struct watch *w)
{
	struct mono none = {0};

	return w->moves_count > 0 ? mono_add_ms(w->moves[0].at, WATCH_MOVE_MS) : none;
}

void watch_move_expire(struct watch *w, struct mono now)
{
	while (w->moves_count > 0 && !mono_before(now, watch_move_deadline(w))) {
		struct watch_move m = w->moves[0];

		m.path = strdup(m.path); /* dropping the node forgets the move */
		if (m.path)
			watch_report_loss(w, m.node, m.path, now);
		else
			watch_lost_events(w, now);
		watch_drop(w, m.node);
		free(m.path);
	}
}

void watch_move_drop_all(struct watch *w)
{
	while (w->moves_count > 0)
		watch_drop(w, w->moves[0].node);
}
