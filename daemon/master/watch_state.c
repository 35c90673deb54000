/* The watcher's state to bytes. */
#include "daemon/master/watch_state.h"

#include "daemon/master/filter.h"
#include "daemon/master/watch_poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is true of a node in any image. */
#define NODE_KEPT                                                                             \
	(NODE_LIMBO | NODE_QUEUED | NODE_CATCH_UP | NODE_QUIET | NODE_POLLED | NODE_REFUSED | \
	 NODE_NETWORK | NODE_MATCH | NODE_LISTED)

struct encoder {
	const struct watch *w;
	struct buf *out;
	uint32_t *order;   /* new number → node */
	uint32_t *numbers; /* node → new number */
	uint32_t count;
	int err; /* the first; nothing is written after it */
};

static void put_u8(struct encoder *e, uint8_t v)
{
	e->err = e->err ? e->err : buf_add_u8(e->out, v);
}

static void put_u32(struct encoder *e, uint32_t v)
{
	e->err = e->err ? e->err : buf_add_u32(e->out, v);
}

static void put_u64(struct encoder *e, uint64_t v)
{
	e->err = e->err ? e->err : buf_add_u64(e->out, v);
}

static void put_str(struct encoder *e, const char *s)
{
	size_t len = strlen(s);

	e->err = e->err ? e->err : buf_add_u16(e->out, (uint16_t)len);
	e->err = e->err ? e->err : buf_add(e->out, s, len);
}

static void put_count(struct encoder *e, size_t n)
{
	put_u32(e, (uint32_t)n);
}

static void put_node_number(struct encoder *e, uint32_t id)
{
	put_u32(e, id == WATCH_NONE ? WATCH_NONE : e->numbers[id]);
}

static void put_head(struct encoder *e)
{
	const struct watch *w = e->w;
	uint8_t flags = (uint8_t)((w->paused ? STATE_PAUSED : 0) |
				  (w->told_refused ? STATE_TOLD_REFUSED : 0) |
				  (w->reload_rules ? STATE_RELOAD_RULES : 0) |
				  (w->kernel.fd < 0 ? STATE_POLLING : 0));

	e->err = buf_add(e->out, WATCH_STATE_MAGIC, strlen(WATCH_STATE_MAGIC));
	put_u8(e, WATCH_STATE_FORMAT);
	put_u64(e, filter_fingerprint(w->filter));
	put_u8(e, flags);
	put_u32(e, w->last_id);
	put_u64(e, w->kernel.events);
	put_u64(e, w->overflows);
	put_u64(e, (uint64_t)w->rescan_at.ns);
	put_u64(e, (uint64_t)w->rescanned.ns);
	put_u32(e, w->backoff_ms);
	put_u64(e, (uint64_t)w->baseline.ns);
	put_u64(e, (uint64_t)w->baseline_at.ns);
	put_u64(e, (uint64_t)w->poll_cost_ns);
	put_count(e, w->devices_count);
	for (size_t i = 0; i < w->devices_count; i++) {
		put_u32(e, w->devices[i].dev);
		put_u8(e, w->devices[i].network);
	}
}

/* Parents before children; what is in limbo has no parent either. */
static int number_nodes(struct encoder *e)
{
	const struct watch_tree *t = &e->w->tree;

	e->order = malloc((t->used + 1) * sizeof(*e->order));
	e->numbers = malloc((t->size + 1) * sizeof(*e->numbers));
	if (!e->order || !e->numbers)
		return -ENOMEM;
	for (uint32_t top = 0; top < t->size; top++) {
		const struct watch_node *n = watch_node(t, top);

		if (!(n->flags & NODE_USED) || n->parent != WATCH_NONE)
			continue;
		for (uint32_t id = top; id != WATCH_NONE; id = watch_tree_next(t, id, top)) {
			e->numbers[id] = e->count;
			e->order[e->count++] = id;
		}
	}
	return 0;
}

static unsigned char *store(unsigned char *p, uint64_t v, int bytes)
{
	for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
		*p++ = (unsigned char)(v >> shift);
	return p;
}

/* There are tens of thousands: each is put together first and added at once. */
static void put_node(struct encoder *e, uint32_t id)
{
	const struct watch_node *n = watch_node(&e->w->tree, id);
	const char *name = watch_tree_name(&e->w->tree, id);
	size_t len = strlen(name);
	uint32_t parent = n->parent == WATCH_NONE ? WATCH_NONE : e->numbers[n->parent];
	unsigned char *p;

	e->err = e->err ? e->err : buf_reserve(e->out, WATCH_STATE_NODE_LEN + len);
	if (e->err)
		return;
	p = (unsigned char *)buf_tail(e->out);
	p = store(p, (uint32_t)n->wd, 4);
	p = store(p, parent, 4);
	p = store(p, n->dev, 4);
	p = store(p, n->ino, 8);
	p = store(p, n->flags & NODE_KEPT, 2);
	p = store(p, n->left_out, 2);
	p = store(p, len, 2);
	memcpy(p, name, len);
	buf_commit(e->out, WATCH_STATE_NODE_LEN + len);
}

static void put_roots(struct encoder *e)
{
	put_count(e, e->w->roots_count);
	for (size_t i = 0; i < e->w->roots_count; i++) {
		const struct watch_root *r = &e->w->roots[i];

		put_u32(e, r->id);
		put_u8(e, (uint8_t)r->kind);
		put_u8(e, (uint8_t)((r->stale ? STATE_ROOT_STALE : 0) |
				    (r->unanchored ? STATE_ROOT_UNANCHORED : 0) |
				    (r->told ? STATE_ROOT_TOLD : 0)));
		put_node_number(e, r->node);
		put_u64(e, r->stamp.dev);
		put_u64(e, r->stamp.ino);
		put_u64(e, r->stamp.size);
		put_u64(e, (uint64_t)r->stamp.mtime_ns);
		put_u64(e, (uint64_t)r->stamp.ctime_ns);
		put_str(e, r->path);
	}
}

static void put_repos(struct encoder *e)
{
	put_count(e, e->w->repos_count);
	for (size_t i = 0; i < e->w->repos_count; i++) {
		const struct watch_repo *r = &e->w->repos[i];

		put_u32(e, r->id);
		put_node_number(e, r->node);
		put_u8(e, r->held);
		put_u8(e, (uint8_t)r->series);
		put_u64(e, (uint64_t)r->since.ns);
		put_str(e, r->dir);
		put_str(e, r->git);
	}
}

static void put_anchors(struct encoder *e)
{
	put_count(e, e->w->anchors_count);
	for (size_t i = 0; i < e->w->anchors_count; i++) {
		const struct watch_anchor *a = &e->w->anchors[i];

		put_u32(e, (uint32_t)a->wd);
		put_u8(e, (uint8_t)a->kind);
		put_u32(e, a->owner);
		put_str(e, a->name ? a->name : "");
	}
}

static void put_moves(struct encoder *e)
{
	put_count(e, e->w->moves_count);
	for (size_t i = 0; i < e->w->moves_count; i++) {
		const struct watch_move *m = &e->w->moves[i];

		put_u32(e, m->cookie);
		put_node_number(e, m->node);
		put_u64(e, (uint64_t)m->at.ns);
		put_str(e, m->path);
	}
}

static void put_rules(struct encoder *e)
{
	const char *dir;
	size_t n = 0;

	while (filter_rules_at(e->w->filter, FILTER_GITIGNORE, n))
		n++;
	put_count(e, n);
	for (size_t i = 0; (dir = filter_rules_at(e->w->filter, FILTER_GITIGNORE, i)); i++)
		put_str(e, dir);
}

static void put_snapshots(struct encoder *e)
{
	size_t n = 0;

	for (uint32_t id = 0; id < e->w->snapshots_size; id++)
		n += e->w->snapshots[id] != NULL;
	put_count(e, n);
	for (uint32_t id = 0; id < e->w->snapshots_size; id++) {
		if (!e->w->snapshots[id])
			continue;
		put_node_number(e, id);
		e->err = e->err ? e->err : watch_poll_save(e->w, id, e->out);
	}
}

int watch_state_encode(const struct watch *w, struct buf *out)
{
	struct encoder e = {.w = w, .out = out};
	int err = number_nodes(&e);

	if (!err) {
		put_head(&e);
		put_count(&e, e.count);
		for (uint32_t i = 0; i < e.count; i++)
			put_node(&e, e.order[i]);
		put_roots(&e);
		put_repos(&e);
		put_anchors(&e);
		put_moves(&e);
		put_rules(&e);
		put_snapshots(&e);
		err = e.err ? e.err : debounce_save(&w->debounce, out);
	}
	free(e.order);
	free(e.numbers);
	return err;
}
