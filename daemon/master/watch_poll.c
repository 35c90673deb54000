/* Polling: rounds, and what differs from the snapshot before. */
#include "daemon/master/watch_poll.h"

#include "daemon/master/watch_git.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by name. */
struct watch_snapshot {
	struct watch_findings f;
};

static int64_t to_ns(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

struct watch_stamp watch_stamp_of(const struct stat *st)
{
	return (struct watch_stamp){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = to_ns(st->st_mtim),
		.ctime_ns = to_ns(st->st_ctim),
	};
}

bool watch_stamp_equal(const struct watch_stamp *a, const struct watch_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static int make_room(struct watch_findings *f, size_t len)
{
	if (f->count == f->size) {
		uint32_t size = f->size ? 2 * f->size : 8;
		struct watch_found *grown = realloc(f->files, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->files = grown;
		f->size = size;
	}
	if (f->names_size - f->names_len <= len) {
		uint32_t size = 2 * f->names_size + (uint32_t)len + 64;
		char *grown = realloc(f->names, size);

		if (!grown)
			return -ENOMEM;
		f->names = grown;
		f->names_size = size;
	}
	return 0;
}

int watch_findings_add(struct watch_findings *f, const char *name, const struct watch_stamp *stamp)
{
	size_t len = strlen(name);

	if (make_room(f, len))
		return -ENOMEM;
	memcpy(f->names + f->names_len, name, len + 1);
	f->files[f->count++] = (struct watch_found){f->names_len, *stamp};
	f->names_len += (uint32_t)len + 1;
	return 0;
}

void watch_findings_finish(struct watch_findings *f)
{
	free(f->files);
	free(f->names);
	*f = (struct watch_findings){0};
}

static int compare_found(const void *a, const void *b, void *names)
{
	const struct watch_found *x = a, *y = b;
	const char *base = names;

	return strcmp(base + x->name, base + y->name);
}

static void report(struct watch *w, struct watch_path *dir, const char *name, bool gone,
		   struct mono now)
{
	size_t len = dir->len;

	if (watch_path_push(dir, name))
		return;

	const struct debounce_entry *e = debounce_find(&w->debounce, dir->text);

	/* An event has told already, and more exactly. */
	if (!e || e->polled || e->closed == gone)
		debounce_file(&w->debounce, dir->text, gone ? DEBOUNCE_GONE : DEBOUNCE_SEEN, now);
	watch_path_cut(dir, len);
}

/* Walks two sorted lists. */
static void report_differences(struct watch *w, struct watch_path *dir,
			       const struct watch_findings *old, const struct watch_findings *new,
			       struct mono now)
{
	uint32_t i = 0, j = 0;

	while (i < old->count || j < new->count) {
		const char *a = i < old->count ? old->names + old->files[i].name : NULL;
		const char *b = j < new->count ? new->names + new->files[j].name : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a, b);

		if (order < 0)
			report(w, dir, a, true, now);
		else if (order > 0 ||
			 !watch_stamp_equal(&old->files[i].stamp, &new->files[j].stamp))
			report(w, dir, b, false, now);
		i += order <= 0;
		j += order >= 0;
	}
}

static struct watch_snapshot *snapshot_of(const struct watch *w, uint32_t id)
{
	return id < w->snapshots_size ? w->snapshots[id] : NULL;
}

static int make_snapshot(struct watch *w, uint32_t id)
{
	if (id >= w->snapshots_size) {
		uint32_t size = w->tree.allocated;
		struct watch_snapshot **grown =
			realloc(w->snapshots, size * sizeof(struct watch_snapshot *));

		if (!grown)
			return -ENOMEM;
		memset(grown + w->snapshots_size, 0,
		       (size - w->snapshots_size) * sizeof(struct watch_snapshot *));
		w->snapshots = grown;
		w->snapshots_size = size;
	}
	if (!w->snapshots[id])
		w->snapshots[id] = calloc(1, sizeof(struct watch_snapshot));
	return w->snapshots[id] ? 0 : -ENOMEM;
}

void watch_poll_compare(struct watch *w, uint32_t id, struct watch_path *dir,
			struct watch_findings *f, bool catch_up, struct mono now)
{
	static const struct watch_findings nothing;
	struct watch_snapshot *s = snapshot_of(w, id);

	if (f->count > 0)
		qsort_r(f->files, f->count, sizeof(*f->files), compare_found, f->names);
	if (s || catch_up)
		report_differences(w, dir, s ? &s->f : &nothing, f, now);
	if (!s && make_snapshot(w, id)) {
		watch_findings_finish(f);
		return;
	}
	s = w->snapshots[id];
	watch_findings_finish(&s->f);
	s->f = *f;
	*f = nothing;
}

void watch_poll_forget(struct watch *w, uint32_t id)
{
	struct watch_snapshot *s = snapshot_of(w, id);

	if (!s)
		return;
	watch_findings_finish(&s->f);
	free(s);
	w->snapshots[id] = NULL;
}

void watch_poll_finish(struct watch *w)
{
	for (uint32_t id = 0; id < w->snapshots_size; id++)
		watch_poll_forget(w, id);
	free(w->snapshots);
	w->snapshots = NULL;
	w->snapshots_size = 0;
}

static bool is_needed(const struct watch *w)
{
	if (w->polled > 0 || w->kernel.fd < 0)
		return true;
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->roots[i].unanchored)
			return true;
	return false;
}

/* As told, else so that it takes a hundredth of the time, within bounds. */
static int64_t interval_ms(const struct watch *w)
{
	int64_t ms = w->poll_cost_ns * 100 / 1000000;

	if (w->poll_ms > 0)
		return w->poll_ms;
	if (ms < WATCH_POLL_LEAST_MS)
		return WATCH_POLL_LEAST_MS;
	return ms < WATCH_POLL_MOST_MS ? ms : WATCH_POLL_MOST_MS;
}

void watch_poll_schedule(struct watch *w, struct mono now)
{
	if (!is_needed(w))
		w->poll_at = (struct mono){0};
	else if (!mono_is_set(w->poll_at))
		w->poll_at = mono_add_ms(now, interval_ms(w));
}

void watch_poll_begin(struct watch *w, struct mono now)
{
	w->polling = true;
	w->poll_began = now;
	w->poll_at = (struct mono){0};
	for (uint32_t id = 0; id < w->tree.size && w->polled > 0; id++) {
		unsigned flags = watch_node(&w->tree, id)->flags;

		if ((flags & NODE_POLLED) && !(flags & NODE_LIMBO))
			watch_queue_node(w, id, 0);
	}
	for (size_t i = 0; i < w->roots_count; i++)
		if (w->kernel.fd < 0 || w->roots[i].unanchored)
			w->roots[i].stale = true;
	if (w->kernel.fd < 0)
		watch_git_look(w, now);
}

void watch_poll_end(struct watch *w, struct mono now)
{
	if (!w->polling)
		return;
	w->polling = false;
	w->poll_cost_ns = now.ns - w->poll_began.ns;
}

int watch_poll_save(const struct watch *w, uint32_t id, struct buf *out)
{
	const struct watch_snapshot *s = snapshot_of(w, id);
	uint32_t count = s ? s->f.count : 0;
	int err = buf_add_u8(out, s != NULL);

	err = err ? err : buf_add_u32(out, count);
	for (uint32_t i = 0; i < count && !err; i++) {
		const struct watch_found *f = &s->f.files[i];
		const char *name = s->f.names + f->name;

		err = buf_add_u64(out, f->stamp.dev);
		err = err ? err : buf_add_u64(out, f->stamp.ino);
		err = err ? err : buf_add_u64(out, f->stamp.size);
		err = err ? err : buf_add_u64(out, (uint64_t)f->stamp.mtime_ns);
		err = err ? err : buf_add_u64(out, (uint64_t)f->stamp.ctime_ns);
		err = err ? err : buf_add_u8(out, (uint8_t)strlen(name));
		err = err ? err : buf_add_str(out, name);
	}
	return err;
}

static int restore_file(struct watch_findings *f, struct reader *r)
{
	struct watch_stamp s = {0};
	uint64_t mtime_ns = 0, ctime_ns = 0;
	uint8_t len = 0;
	const void *bytes = NULL;
	char name[UINT8_MAX + 1];
	int err = reader_u64(r, &s.dev);

	err = err ? err : reader_u64(r, &s.ino);
	err = err ? err : reader_u64(r, &s.size);
	err = err ? err : reader_u64(r, &mtime_ns);
	err = err ? err : reader_u64(r, &ctime_ns);
	err = err ? err : reader_u8(r, &len);
	err = err ? err : reader_bytes(r, &bytes, len);
	if (err)
		return err;
	if (len == 0 || memchr(bytes, '\0', len) || memchr(bytes, '/', len))
		return -EBADMSG;
	memcpy(name, bytes, len);
	name[len] = '\0';
	s.mtime_ns = (int64_t)mtime_ns;
	s.ctime_ns = (int64_t)ctime_ns;
	return watch_findings_add(f, name, &s);
}

int watch_poll_restore(struct watch *w, uint32_t id, struct reader *r)
{
	struct watch_findings f = {0};
	uint8_t there;
	uint32_t count;
	int err = reader_u8(r, &there);

	err = err ? err : reader_u32(r, &count);
	for (uint32_t i = 0; !err && i < count; i++)
		err = restore_file(&f, r);
	if (!err && there)
		err = make_snapshot(w, id);
	if (err || !there) {
		watch_findings_finish(&f);
		return err;
	}
	if (f.count > 0)
		qsort_r(f.files, f.count, sizeof(*f.files), compare_found, f.names);
	watch_findings_finish(&w->snapshots[id]->f);
	w->snapshots[id]->f = f;
	return 0;
}
