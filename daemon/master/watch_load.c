/* The watcher's state from bytes, none of which is trusted. */
#include "daemon/master/watch_state.h"

#include "common/str.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_move.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_poll.h"
#include "daemon/master/watch_root.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct decoder {
	struct watch *w;
	struct reader r;
	int err; /* the first; what is read after it is zero */
};

static void fail(struct decoder *d)
{
	d->err = d->err ? d->err : -EBADMSG;
}

static uint8_t get_u8(struct decoder *d)
{
	uint8_t v = 0;

	d->err = d->err ? d->err : reader_u8(&d->r, &v);
	return v;
}

static uint32_t get_u32(struct decoder *d)
{
	uint32_t v = 0;

	d->err = d->err ? d->err : reader_u32(&d->r, &v);
	return v;
}

static uint64_t get_u64(struct decoder *d)
{
	uint64_t v = 0;

	d->err = d->err ? d->err : reader_u64(&d->r, &v);
	return v;
}

/* A time that milliseconds can be added to. */
static struct mono get_mono(struct decoder *d)
{
	uint64_t ns = get_u64(d);

	if (ns > INT64_MAX / 2)
		fail(d);
	return (struct mono){d->err ? 0 : (int64_t)ns};
}

static uint32_t get_node(struct decoder *d, bool or_none)
{
	uint32_t id = get_u32(d);

	if (id >= d->w->tree.size && !(or_none && id == WATCH_NONE))
		fail(d);
	return d->err ? WATCH_NONE : id;
}

static void get_str(struct decoder *d, char *out, size_t size)
{
	const void *bytes = "";
	uint16_t len = 0;

	d->err = d->err ? d->err : reader_u16(&d->r, &len);
	d->err = d->err ? d->err : reader_bytes(&d->r, &bytes, len);
	if (len >= size || memchr(bytes, '\0', d->err ? 0 : len))
		fail(d);
	if (d->err)
		len = 0;
	memcpy(out, bytes, len);
	out[len] = '\0';
}

static void get_path(struct decoder *d, char path[PATH_MAX])
{
	get_str(d, path, PATH_MAX);
	if (path[0] != '/')
		fail(d);
}

static void get_head(struct decoder *d, struct watch_state_head *head)
{
	struct watch *w = d->w;
	const void *magic;
	uint8_t flags;
	uint32_t n;

	d->err = reader_bytes(&d->r, &magic, strlen(WATCH_STATE_MAGIC));
	if (d->err || memcmp(magic, WATCH_STATE_MAGIC, strlen(WATCH_STATE_MAGIC)) != 0 ||
	    get_u8(d) != WATCH_STATE_FORMAT)
		fail(d);
	head->fingerprint = get_u64(d);
	flags = get_u8(d);
	head->polling = flags & STATE_POLLING;
	w->paused = flags & STATE_PAUSED;
	w->told_refused = flags & STATE_TOLD_REFUSED;
	w->reload_rules = flags & STATE_RELOAD_RULES;
	w->last_id = get_u32(d);
	w->kernel.events = get_u64(d);
	w->overflows = get_u64(d);
	w->rescan_at = get_mono(d);
	w->rescanned = get_mono(d);
	w->backoff_ms = get_u32(d);
	w->baseline.ns = get_mono(d).ns;
	w->baseline_at = get_mono(d);
	w->poll_cost_ns = get_mono(d).ns;
	if (w->backoff_ms > WATCH_BACKOFF_MOST_MS)
		fail(d);
	n = get_u32(d);
	if (n > ARRAY_LEN(w->devices))
		fail(d);
	for (uint32_t i = 0; i < n && !d->err; i++) {
		w->devices[i].dev = get_u32(d);
		w->devices[i].network = get_u8(d);
	}
	w->devices_count = d->err ? 0 : n;
}

static uint64_t load(const unsigned char **p, int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *(*p)++;
	return v;
}

/* A name in a directory, or the absolute path of a root's node. */
static bool is_name(const char *name, size_t len, bool path)
{
	if (len == 0 || len >= PATH_MAX || memchr(name, '\0', len))
		return false;
	if (path)
		return name[0] == '/';
	return len <= NAME_MAX && !memchr(name, '/', len) && !(len == 1 && name[0] == '.') &&
	       !(len == 2 && memcmp(name, "..", 2) == 0);
}

static void restore_flags(struct watch *w, uint32_t id, unsigned flags)
{
	watch_node(&w->tree, id)->flags |= flags & (NODE_MATCH | NODE_LISTED);
	if (flags & NODE_POLLED)
		watch_poll_node(w, id, flags & (NODE_REFUSED | NODE_NETWORK));
	if (flags & NODE_QUEUED)
		watch_queue_node(w, id, flags);
}

static void get_tree_node(struct decoder *d)
{
	struct watch_tree *t = &d->w->tree;
	const void *record, *bytes;
	const unsigned char *p;

	d->err = d->err ? d->err : reader_bytes(&d->r, &record, WATCH_STATE_NODE_LEN);
	if (d->err)
		return;
	p = record;

	uint32_t wd = (uint32_t)load(&p, 4), parent = (uint32_t)load(&p, 4);
	uint32_t dev = (uint32_t)load(&p, 4);
	uint64_t ino = load(&p, 8);
	unsigned flags = (unsigned)load(&p, 2), left_out = (unsigned)load(&p, 2);
	size_t len = (size_t)load(&p, 2);
	bool limbo = flags & NODE_LIMBO, top = parent == WATCH_NONE;

	d->err = reader_bytes(&d->r, &bytes, len);
	if (d->err)
		return;
	if ((!top && (parent >= t->size || limbo)) || !is_name(bytes, len, top && !limbo) ||
	    (wd != UINT32_MAX && (wd > INT_MAX || watch_tree_by_wd(t, (int)wd) != WATCH_NONE)) ||
	    watch_tree_child(t, parent, bytes, len) != WATCH_NONE) {
		fail(d);
		return;
	}

	uint32_t id = watch_tree_add(t, parent, bytes, len);

	if (id == WATCH_NONE || (limbo && watch_tree_move(t, id, WATCH_NONE, NULL)) ||
	    (wd != UINT32_MAX && watch_tree_set_wd(t, id, (int)wd))) {
		d->err = -ENOMEM;
		return;
	}
	watch_node(t, id)->dev = dev;
	watch_node(t, id)->ino = ino;
	watch_tree_set_left_out(t, id, left_out);
	restore_flags(d->w, id, flags);
}

static void get_nodes(struct decoder *d)
{
	uint32_t n = get_u32(d);

	if (n > reader_left(&d->r) / WATCH_STATE_NODE_LEN)
		fail(d);
	if (!d->err && watch_tree_reserve(&d->w->tree, n))
		d->err = -ENOMEM;
	for (uint32_t i = 0; i < n && !d->err; i++)
		get_tree_node(d);
}

static void get_root(struct decoder *d)
{
	struct watch_root r = {.id = get_u32(d)}, *root;
	uint8_t kind = get_u8(d), flags = get_u8(d);
	char path[PATH_MAX];

	r.node = get_node(d, true);
	r.stamp.dev = get_u64(d);
	r.stamp.ino = get_u64(d);
	r.stamp.size = get_u64(d);
	r.stamp.mtime_ns = (int64_t)get_u64(d);
	r.stamp.ctime_ns = (int64_t)get_u64(d);
	get_path(d, path);
	if (kind > ROOT_FILE || (kind != ROOT_DIR && r.node != WATCH_NONE))
		fail(d);
	d->err = d->err ? d->err : watch_root_add(d->w, path);
	if (d->err == -EEXIST)
		d->err = -EBADMSG;
	if (d->err)
		return;
	root = &d->w->roots[d->w->roots_count - 1];
	r.path = root->path;
	r.kind = kind;
	r.stale = (flags & STATE_ROOT_STALE) || (kind == ROOT_DIR && r.node == WATCH_NONE);
	r.unanchored = flags & STATE_ROOT_UNANCHORED;
	r.told = flags & STATE_ROOT_TOLD;
	*root = r;
}

static void get_roots(struct decoder *d)
{
	uint32_t last_id = d->w->last_id;

	for (uint32_t n = get_u32(d); n > 0 && !d->err; n--)
		get_root(d);
	d->w->last_id = last_id; /* adding has counted on */
}

static void get_repo(struct decoder *d)
{
	uint32_t id = get_u32(d), node = get_node(d, true);
	bool held = get_u8(d);
	unsigned series = get_u8(d);
	struct mono since = get_mono(d);
	char dir[PATH_MAX], git[PATH_MAX];
	struct watch_repo *r;

	get_path(d, dir);
	get_path(d, git);
	if (d->err)
		return;
	r = watch_git_append(d->w, dir, git);
	if (!r) {
		d->err = -ENOMEM;
		return;
	}
	r->id = id;
	r->node = node;
	r->held = held;
	r->series = series;
	r->since = since;
}

static void get_anchor(struct decoder *d)
{
	uint32_t wd = get_u32(d), kind = get_u8(d), owner = get_u32(d);
	char name[NAME_MAX + 1];

	get_str(d, name, sizeof(name));
	if (wd > INT_MAX || kind > ANCHOR_RULES || (kind == ANCHOR_SELF) != (name[0] == '\0'))
		fail(d);
	d->err = d->err ? d->err
			: watch_anchor_append(d->w, (int)wd, (enum watch_anchor_kind)kind, owner,
					      name[0] ? name : NULL);
}

static void get_move(struct decoder *d)
{
	uint32_t cookie = get_u32(d), node = get_node(d, false);
	struct mono at = get_mono(d);
	char path[PATH_MAX];

	get_path(d, path);
	if (!d->err && !(watch_node(&d->w->tree, node)->flags & NODE_LIMBO))
		fail(d);
	for (size_t i = 0; i < d->w->moves_count; i++)
		if (d->w->moves[i].node == node)
			fail(d);
	d->err = d->err ? d->err : watch_move_append(d->w, node, cookie, path, at);
}

static size_t count_limbo(const struct watch *w)
{
	size_t n = 0;

	for (uint32_t id = 0; id < w->tree.size; id++)
		n += (watch_node(&w->tree, id)->flags & NODE_LIMBO) != 0;
	return n;
}

static void get_rules(struct decoder *d, struct strv *rules)
{
	char path[PATH_MAX];

	for (uint32_t n = get_u32(d); n > 0 && !d->err; n--) {
		get_path(d, path);
		d->err = d->err ? d->err : strv_add(rules, path);
	}
}

static void get_snapshot(struct decoder *d)
{
	uint32_t node = get_node(d, false);

	d->err = d->err ? d->err : watch_poll_restore(d->w, node, &d->r);
}

int watch_state_decode(struct watch *w, const void *data, size_t len, struct watch_state_head *head,
		       struct strv *rules)
{
	struct decoder d = {.w = w};

	reader_init(&d.r, data, len);
	get_head(&d, head);
	get_nodes(&d);
	get_roots(&d);
	for (uint32_t n = get_u32(&d); n > 0 && !d.err; n--)
		get_repo(&d);
	for (uint32_t n = get_u32(&d); n > 0 && !d.err; n--)
		get_anchor(&d);
	for (uint32_t n = get_u32(&d); n > 0 && !d.err; n--)
		get_move(&d);
	if (!d.err && count_limbo(w) != w->moves_count)
		fail(&d); /* who waits for nothing would wait for ever */
	get_rules(&d, rules);
	for (uint32_t n = get_u32(&d); n > 0 && !d.err; n--)
		get_snapshot(&d);
	d.err = d.err ? d.err : debounce_restore(&w->debounce, &d.r);
	return d.err;
}
