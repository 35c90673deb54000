/*
 * The pending window as bytes, for the hand-over:
 *
 *   format:u8 flags:u8 seq:u64 edges:u32 locked unlocked first last dir hold (ns:u64 each) count:u32
 *   entry: flags:u8 until:u64 since:u64 seen_ctime:u64 seen_size:u64 len:u16 path
 */
#include "daemon/master/debounce.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define FORMAT 1

enum { WINDOW_OVERFLOW = 1, WINDOW_LOCK_HELD = 2, WINDOW_LOCK_SEEN = 4, WINDOW_SERIES = 8 };
enum { ENTRY_CLOSED = 1, ENTRY_CERTAIN = 2, ENTRY_POLLED = 4, ENTRY_BORN = 8, ENTRY_WAITING = 16 };

static int save_entry(const struct debounce_entry *e, struct buf *out)
{
	uint8_t flags =
		(uint8_t)((e->closed ? ENTRY_CLOSED : 0) | (e->certain ? ENTRY_CERTAIN : 0) |
			  (e->polled ? ENTRY_POLLED : 0) | (e->born ? ENTRY_BORN : 0) |
			  (e->waiting ? ENTRY_WAITING : 0));
	size_t len = strlen(e->path);
	int err = buf_add_u8(out, flags);

	err = err ? err : buf_add_u64(out, (uint64_t)e->until.ns);
	err = err ? err : buf_add_u64(out, (uint64_t)e->since.ns);
	err = err ? err : buf_add_u64(out, (uint64_t)e->seen_ctime_ns);
	err = err ? err : buf_add_u64(out, e->seen_size);
	err = err ? err : buf_add_u16(out, (uint16_t)len);
	return err ? err : buf_add(out, e->path, len);
}

int debounce_save(const struct debounce *d, struct buf *out)
{
	const struct mono times[] = {d->locked, d->unlocked, d->first, d->last, d->dir, d->hold};
	uint8_t flags =
		(uint8_t)((d->overflow ? WINDOW_OVERFLOW : 0) |
			  (d->lock_held ? WINDOW_LOCK_HELD : 0) |
			  (d->lock_seen ? WINDOW_LOCK_SEEN : 0) | (d->series ? WINDOW_SERIES : 0));
	int err = buf_add_u8(out, FORMAT);

	err = err ? err : buf_add_u8(out, flags);
	err = err ? err : buf_add_u64(out, d->seq);
	err = err ? err : buf_add_u32(out, d->edges);
	for (size_t i = 0; i < ARRAY_LEN(times) && !err; i++)
		err = buf_add_u64(out, (uint64_t)times[i].ns);
	err = err ? err : buf_add_u32(out, (uint32_t)d->count);
	for (size_t i = 0; i < d->count && !err; i++)
		err = save_entry(&d->entries[i], out);
	return err;
}

static int read_mono(struct reader *r, struct mono *t)
{
	uint64_t ns;
	int err = reader_u64(r, &ns);

	/* Far enough from the ends that milliseconds can be added to it. */
	if (!err && ns > INT64_MAX / 2)
		err = -EBADMSG;
	if (!err)
		t->ns = (int64_t)ns;
	return err;
}

static int read_path(struct reader *r, char path[PATH_MAX])
{
	const void *bytes;
	uint16_t len;
	int err = reader_u16(r, &len);

	err = err ? err : reader_bytes(r, &bytes, len);
	if (err)
		return err;
	if (len == 0 || len >= PATH_MAX || memchr(bytes, '\0', len) || *(const char *)bytes != '/')
		return -EBADMSG;
	memcpy(path, bytes, len);
	path[len] = '\0';
	return 0;
}

static int restore_entry(struct debounce *d, struct reader *r)
{
	char path[PATH_MAX];
	uint8_t flags;
	uint64_t ctime_ns, size;
	struct mono until, since;
	size_t count = d->count;
	int err = reader_u8(r, &flags);

	err = err ? err : read_mono(r, &until);
	err = err ? err : read_mono(r, &since);
	err = err ? err : reader_u64(r, &ctime_ns);
	err = err ? err : reader_u64(r, &size);
	err = err ? err : read_path(r, path);
	if (err)
		return err;
	debounce_file(d, path, DEBOUNCE_CLOSED, since);
	if (d->count == count) /* there twice, or no memory */
		return -EBADMSG;

	struct debounce_entry *e = &d->entries[count];

	e->closed = flags & ENTRY_CLOSED;
	e->certain = flags & ENTRY_CERTAIN;
	e->polled = flags & ENTRY_POLLED;
	e->born = flags & ENTRY_BORN;
	e->waiting = flags & ENTRY_WAITING;
	e->until = until;
	e->seen_ctime_ns = (int64_t)ctime_ns;
	e->seen_size = size;
	d->waiting += e->waiting;
	return 0;
}

static int restore_window(struct debounce *d, struct reader *r)
{
	struct mono times[6];
	uint8_t format, flags;
	uint32_t edges, count = 0;
	uint64_t seq;
	int err = reader_u8(r, &format);

	if (!err && format != FORMAT)
		err = -EBADMSG;
	err = err ? err : reader_u8(r, &flags);
	err = err ? err : reader_u64(r, &seq);
	err = err ? err : reader_u32(r, &edges);
	for (size_t i = 0; i < ARRAY_LEN(times) && !err; i++)
		err = read_mono(r, &times[i]);
	err = err ? err : reader_u32(r, &count);
	for (uint32_t i = 0; i < count && !err; i++)
		err = restore_entry(d, r);
	if (err)
		return err;
	d->overflow = flags & WINDOW_OVERFLOW;
	d->lock_held = flags & WINDOW_LOCK_HELD;
	d->lock_seen = flags & WINDOW_LOCK_SEEN;
	d->series = flags & WINDOW_SERIES;
	d->locked = times[0];
	d->unlocked = times[1];
	d->first = times[2];
	d->last = times[3];
	d->dir = times[4];
	d->hold = times[5];
	d->edges = edges;
	d->seq = seq;
	return 0;
}

int debounce_restore(struct debounce *d, struct reader *r)
{
	int err = restore_window(d, r);

	if (err)
		debounce_finish(d);
	return err;
}
