/* The debouncer: the window, its entries and its deadline. */
#include "daemon/master/debounce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void debounce_init(struct debounce *d, uint32_t delay_ms)
{
	*d = (struct debounce){.delay_ms = delay_ms};
}

static void drop_entries(struct debounce *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->entries[i].path);
	free(d->entries);
	free(d->index);
	d->entries = NULL;
	d->index = NULL;
	d->count = d->size = d->index_size = d->waiting = 0;
}

void debounce_finish(struct debounce *d)
{
	drop_entries(d);
	debounce_init(d, d->delay_ms);
}

/* FNV-1a. */
static uint32_t hash_path(const char *s)
{
	uint32_t h = 0x811c9dc5;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x01000193;
	return h;
}

static uint32_t *slot_of(const struct debounce *d, uint32_t hash, const char *path)
{
	size_t i = hash & (d->index_size - 1);

	while (d->index[i] != 0) {
		const struct debounce_entry *e = &d->entries[d->index[i] - 1];

		if (e->hash == hash && strcmp(e->path, path) == 0)
			break;
		i = (i + 1) & (d->index_size - 1);
	}
	return &d->index[i];
}

/* A table twice as large as the entries need, which holds them all. */
static int rebuild_index(struct debounce *d, size_t entries)
{
	size_t size = 16;

	while (size < 2 * entries)
		size *= 2;

	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return -ENOMEM;
	free(d->index);
	d->index = index;
	d->index_size = size;
	for (size_t i = 0; i < d->count; i++)
		*slot_of(d, d->entries[i].hash, d->entries[i].path) = (uint32_t)i + 1;
	return 0;
}

static int make_room(struct debounce *d)
{
	if (d->count == d->size) {
		size_t size = d->size ? 2 * d->size : 8;
		struct debounce_entry *grown = realloc(d->entries, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->entries = grown;
		d->size = size;
	}
	return 2 * (d->count + 1) > d->index_size ? rebuild_index(d, d->size) : 0;
}

/* The entry of a path, made if it is missing. NULL when memory runs out. */
static struct debounce_entry *entry_of(struct debounce *d, const char *path, struct mono now,
				       bool *fresh)
{
	uint32_t hash = hash_path(path);

	*fresh = false;
	if (make_room(d))
		return NULL;

	uint32_t *slot = slot_of(d, hash, path);

	if (*slot)
		return &d->entries[*slot - 1];

	char *copy = strdup(path);

	if (!copy)
		return NULL;
	*fresh = true;
	d->entries[d->count++] = (struct debounce_entry){.path = copy, .hash = hash, .since = now};
	*slot = (uint32_t)d->count;
	return &d->entries[d->count - 1];
}

const struct debounce_entry *debounce_find(const struct debounce *d, const char *path)
{
	uint32_t at = d->count > 0 ? *slot_of(d, hash_path(path), path) : 0;

	return at ? &d->entries[at - 1] : NULL;
}

static void open_window(struct debounce *d, struct mono now)
{
	if (!mono_is_set(d->first))
		d->first = now;
	if (d->lock_held && mono_before(now, mono_add_ms(d->locked, DEBOUNCE_LOCK_MS)))
		d->lock_seen = true;
	d->last = now;
	d->edges++;
}

static void set_waiting(struct debounce *d, struct debounce_entry *e, bool waiting,
			struct mono until)
{
	if (waiting != e->waiting) {
		e->waiting = waiting;
		d->waiting += waiting ? 1 : (size_t)-1;
	}
	e->until = until;
	if (waiting && mono_before(d->hold, until))
		d->hold = until;
}

void debounce_file(struct debounce *d, const char *path, enum debounce_edge edge, struct mono now)
{
	bool fresh;
	struct debounce_entry *e = entry_of(d, path, now, &fresh);

	if (!e) {
		debounce_overflow(d, now);
		return;
	}
	open_window(d, now);
	e->closed = edge == DEBOUNCE_CLOSED || edge == DEBOUNCE_PLACED || edge == DEBOUNCE_SEEN;
	e->certain |= edge == DEBOUNCE_PLACED || edge == DEBOUNCE_SEEN;
	e->polled = edge == DEBOUNCE_SEEN;
	e->born |= fresh && edge == DEBOUNCE_CREATED;
	set_waiting(d, e, !e->closed, mono_add_ms(now, DEBOUNCE_OPEN_MS));
}

void debounce_dir(struct debounce *d, struct mono now)
{
	d->dir = now;
}

void debounce_overflow(struct debounce *d, struct mono now)
{
	open_window(d, now);
	d->overflow = true;
}

void debounce_lock(struct debounce *d, bool held, struct mono since, struct mono now)
{
	if (debounce_pending(d) && (held || d->lock_held))
		d->lock_seen = true;
	if (held)
		d->locked = since;
	else if (d->lock_held)
		d->unlocked = now;
	d->lock_held = held;
}

void debounce_series(struct debounce *d, bool under_way)
{
	d->series = under_way;
}

bool debounce_pending(const struct debounce *d)
{
	return d->count > 0 || d->overflow;
}

static struct mono later(struct mono a, struct mono b)
{
	return mono_before(a, b) ? b : a;
}

static struct mono earlier(struct mono a, struct mono b)
{
	return mono_before(a, b) ? a : b;
}

/* Whether this window is probably about many files. */
static bool is_storm(const struct debounce *d)
{
	return d->count > 1 || d->overflow || d->lock_seen ||
	       (mono_is_set(d->dir) &&
		!mono_before(mono_add_ms(d->dir, DEBOUNCE_STORM_MS), d->first));
}

static struct mono cap_of(const struct debounce *d)
{
	return mono_add_ms(d->first, d->lock_seen ? DEBOUNCE_LOCK_MS : DEBOUNCE_CAP_MS);
}

struct mono debounce_deadline(const struct debounce *d)
{
	uint32_t quiet = d->delay_ms;

	if (!debounce_pending(d))
		return (struct mono){0};
	if (is_storm(d) && quiet < DEBOUNCE_STORM_MS)
		quiet = DEBOUNCE_STORM_MS;

	struct mono due = mono_add_ms(d->last, quiet);

	if (d->waiting > 0)
		due = later(due, d->hold);
	if (d->lock_held)
		due = later(due, earlier(mono_add_ms(d->locked, DEBOUNCE_LOCK_MS),
					 mono_add_ms(d->last, DEBOUNCE_LOCK_QUIET_MS)));
	else if (d->lock_seen)
		due = later(due, mono_add_ms(d->unlocked,
					     d->series ? DEBOUNCE_SERIES_MS : DEBOUNCE_UNLOCK_MS));
	return earlier(due, cap_of(d));
}

enum judgement { JUDGED_CHANGED, JUDGED_SAME, JUDGED_WAIT, JUDGED_LEAVE };

/* What a look means for the window; `last_chance`: it will not be extended any more. */
static enum judgement judge(struct debounce_entry *e, enum debounce_look look, bool last_chance,
			    struct mono now)
{
	switch (look) {
	case DEBOUNCE_CHANGED:
		return JUDGED_CHANGED;
	case DEBOUNCE_SAME:
		return JUDGED_SAME;
	case DEBOUNCE_BUSY:
		if (!mono_before(now, mono_add_ms(e->since, DEBOUNCE_WRITER_MS)))
			return e->closed ? JUDGED_CHANGED : JUDGED_SAME;
		return e->closed && !last_chance ? JUDGED_WAIT : JUDGED_LEAVE;
	case DEBOUNCE_MOVED:
		return last_chance ? JUDGED_CHANGED : JUDGED_WAIT;
	case DEBOUNCE_AWAY:
		break;
	}
	if (e->closed && !last_chance) {
		e->closed = false;
		return JUDGED_WAIT;
	}
	return e->born ? JUDGED_SAME : JUDGED_CHANGED;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Moves the paths of the entries that `verdict` calls changed; those to be left stay, the rest is freed. */
static void collect(struct debounce *d, const unsigned char *verdict, struct strv *paths)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count; i++) {
		struct debounce_entry *e = &d->entries[i];

		if (verdict[i] == JUDGED_LEAVE)
			d->entries[kept++] = *e;
		else if (verdict[i] == JUDGED_CHANGED)
			paths->v[paths->len++] = e->path;
		else
			free(e->path);
	}
	paths->v[paths->len] = NULL;
	qsort(paths->v, paths->len, sizeof(*paths->v), compare_paths);
	d->count = kept;
}

/* What was left opens the next window. */
static void begin_again(struct debounce *d, struct mono now)
{
	struct mono none = {0};

	d->overflow = d->lock_seen = false;
	d->edges = 0;
	d->waiting = 0;
	d->first = d->last = d->hold = d->dir = none;
	if (d->count == 0) {
		drop_entries(d);
		return;
	}
	for (size_t i = 0; i < d->count; i++) {
		struct debounce_entry *e = &d->entries[i];

		e->waiting = false;
		set_waiting(d, e, true, mono_add_ms(now, DEBOUNCE_OPEN_MS));
	}
	open_window(d, now);
	/* It cannot fail: the table is cleared in place. */
	memset(d->index, 0, d->index_size * sizeof(*d->index));
	for (size_t i = 0; i < d->count; i++)
		*slot_of(d, d->entries[i].hash, d->entries[i].path) = (uint32_t)i + 1;
}

bool debounce_take(struct debounce *d, struct mono now, bool force, debounce_look_fn *look,
		   void *owner, struct debounce_batch *b)
{
	bool last_chance = force || !mono_before(now, cap_of(d)), wait = false;
	unsigned char *verdict = malloc(d->count + 1);
	char **paths = malloc((d->count + 1) * sizeof(*paths));

	if (!debounce_pending(d) || !verdict || !paths)
		goto out; /* without memory the next look may do better */
	for (size_t i = 0; i < d->count; i++) {
		struct debounce_entry *e = &d->entries[i];

		verdict[i] = (unsigned char)judge(e, look(owner, e), last_chance, now);
		if (verdict[i] != JUDGED_WAIT)
			continue;
		set_waiting(d, e, true, mono_add_ms(now, DEBOUNCE_OPEN_MS));
		wait = true;
	}
	if (wait)
		goto out;

	*b = (struct debounce_batch){
		.paths = {.v = paths},
		.overflow = d->overflow,
		.first = d->first,
		.last = d->last,
		.edges = d->edges,
	};
	collect(d, verdict, &b->paths);
	begin_again(d, now);
	free(verdict);
	if (b->paths.len > 0 || b->overflow) {
		b->seq = ++d->seq;
		return true;
	}
	free(paths);
	return false;
out:
	free(verdict);
	free(paths);
	return false;
}
