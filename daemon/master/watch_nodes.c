/* The queue of nodes to be listed, who is polled, and letting go. */
#include "daemon/master/watch_nodes.h"

#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_crew.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOW (NODE_CATCH_UP | NODE_QUIET)

/* Room at the tail: what was taken from the head is used again, or the array grows. */
static int make_room(struct watch *w)
{
	size_t waiting = w->queue_tail - w->queue_head;

	if (w->queue_tail < w->queue_size)
		return 0;
	if (w->queue_head > w->queue_size / 2) {
		memmove(w->queue, w->queue + w->queue_head, waiting * sizeof(*w->queue));
		w->queue_head = 0;
		w->queue_tail = waiting;
		return 0;
	}

	size_t size = w->queue_size ? 2 * w->queue_size : 64;
	uint32_t *grown = realloc(w->queue, size * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	w->queue = grown;
	w->queue_size = size;
	return 0;
}

void watch_queue_node(struct watch *w, uint32_t id, unsigned flags)
{
	struct watch_node *n = watch_node(&w->tree, id);

	if (n->flags & NODE_QUEUED) { /* whoever wants to know more has his way */
		n->flags |= flags & NODE_CATCH_UP;
		if (!(flags & NODE_QUIET))
			n->flags &= (uint16_t)~NODE_QUIET;
		return;
	}
	if (make_room(w)) {
		watch_lost_events(w, mono_now());
		return;
	}
	n->flags |= (uint16_t)(NODE_QUEUED | (flags & HOW));
	w->queue[w->queue_tail++] = id;
}

void watch_queue_subtree(struct watch *w, uint32_t top, unsigned flags)
{
	for (uint32_t id = top; id != WATCH_NONE; id = watch_tree_next(&w->tree, id, top))
		watch_queue_node(w, id, flags);
}

void watch_queue_all(struct watch *w, unsigned flags)
{
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].kind == ROOT_DIR)
			watch_queue_subtree(w, w->roots[i].node, flags);
}

uint32_t watch_queue_take(struct watch *w, unsigned *flags)
{
	while (w->queue_head < w->queue_tail) {
		uint32_t id = w->queue[w->queue_head++];
		struct watch_node *n = watch_node(&w->tree, id);

		if (!(n->flags & NODE_QUEUED)) /* dropped meanwhile */
			continue;
		*flags = n->flags & HOW;
		n->flags &= (uint16_t) ~(NODE_QUEUED | HOW);
		return id;
	}
	w->queue_head = w->queue_tail = 0;
	if (w->queue_size > 1024) {
		free(w->queue);
		w->queue = NULL;
		w->queue_size = 0;
	}
	return WATCH_NONE;
}

bool watch_queue_is_empty(const struct watch *w)
{
	return w->queue_head == w->queue_tail;
}

void watch_poll_node(struct watch *w, uint32_t id, unsigned flags)
{
	struct watch_node *n = watch_node(&w->tree, id);

	w->polled += !(n->flags & NODE_POLLED);
	w->refused += (flags & NODE_REFUSED) && !(n->flags & NODE_REFUSED);
	n->flags |= (uint16_t)(NODE_POLLED | flags);
}

void watch_unpoll_node(struct watch *w, uint32_t id)
{
	struct watch_node *n = watch_node(&w->tree, id);

	w->polled -= (n->flags & NODE_POLLED) != 0;
	w->refused -= (n->flags & NODE_REFUSED) != 0;
	n->flags &= (uint16_t) ~(NODE_POLLED | NODE_REFUSED | NODE_NETWORK);
	watch_poll_forget(w, id);
}

static void drop_leaf(struct watch *w, uint32_t id)
{
	int wd = watch_node(&w->tree, id)->wd;

	watch_unpoll_node(w, id);
	watch_git_drop_node(w, id);
	watch_move_forget(w, id);
	watch_root_node_dropped(w, id);
	if (w->crew)
		watch_crew_forget(w->crew, id);
	watch_tree_remove(&w->tree, id);
	watch_release(w, wd);
}

void watch_drop(struct watch *w, uint32_t top)
{
	uint32_t id = top, parent;

	do {
		while (watch_node(&w->tree, id)->child != WATCH_NONE)
			id = watch_node(&w->tree, id)->child;
		parent = watch_node(&w->tree, id)->parent;
		drop_leaf(w, id);
		if (id == top)
			break;
		id = parent;
	} while (true);
}

void watch_report_loss(struct watch *w, uint32_t top, const char *path, struct mono now)
{
	for (uint32_t id = top; id != WATCH_NONE; id = watch_tree_next(&w->tree, id, top)) {
		if (!(watch_node(&w->tree, id)->flags & NODE_MATCH))
			continue;
		debounce_file(&w->debounce, path, DEBOUNCE_GONE, now);
		return;
	}
}

void watch_lose(struct watch *w, uint32_t top, struct mono now)
{
	struct watch_path path;

	if (watch_tree_path(&w->tree, top, &path) == 0)
		watch_report_loss(w, top, path.text, now);
	watch_drop(w, top);
}

void watch_lost_events(struct watch *w, struct mono now)
{
	struct mono earliest = mono_add_ms(w->rescanned, w->backoff_ms);

	w->overflows++;
	if (mono_is_set(w->rescan_at))
		return;
	w->rescan_at = mono_before(earliest, now) || !mono_is_set(w->rescanned) ? now : earliest;
}
