/* Numbered records in a ring of bytes, in a memfd. */
#include "daemon/master/ring.h"

#include "common/fd.h"
#include "daemon/master/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEN_SIZE sizeof(uint32_t)

struct ring {
	const char *name;
	int fd;	      /* -1: no memory yet */
	uint32_t *at; /* the memory: first the index, record n begins at at[n % most] */
	size_t most;
	char *bytes; /* then the records, mapped twice in a row: one that goes round the end is in one piece */
	size_t size;
	size_t head; /* where the oldest record begins */
	size_t used;
	uint64_t last; /* number of the newest */
	size_t count;
};

static size_t round_to_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

struct ring *ring_create(const char *name, size_t size, size_t most)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->name = name;
	r->fd = -1;
	r->size = round_to_pages(size);
	r->most = most;
	return r;
}

static size_t index_size(const struct ring *r)
{
	return round_to_pages(r->most * sizeof(r->at[0]));
}

static void ring_close(struct ring *r)
{
	if (r->at)
		munmap(r->at, index_size(r) + 2 * r->size);
	r->at = NULL;
	fd_close(&r->fd);
}

void ring_destroy(struct ring *r)
{
	if (!r)
		return;
	ring_close(r);
	free(r);
}

static int map_part(const struct ring *r, char *where, size_t size, size_t offset)
{
	void *p = mmap(where, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, r->fd,
		       (off_t)offset);

	return p == MAP_FAILED ? -errno : 0;
}

/* Takes fd, also on failure. */
static int ring_map(struct ring *r, int fd)
{
	size_t index = index_size(r);
	char *place =
		mmap(NULL, index + 2 * r->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	r->fd = fd;
	if (place == MAP_FAILED) {
		err = -errno;
		fd_close(&r->fd);
		return err;
	}
	r->at = (uint32_t *)(void *)place;
	r->bytes = place + index;
	err = map_part(r, place, index + r->size, 0);
	if (!err)
		err = map_part(r, r->bytes + r->size, r->size, index);
	if (err)
		ring_close(r);
	return err;
}

/* Of fixed size, so that no access can fault. */
static int make_memory(struct ring *r)
{
	int fd = memfd_create(r->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)(index_size(r) + r->size)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		err = -errno;
	if (err)
		fd_close(&fd);
	return err ? err : ring_map(r, fd);
}

static uint32_t len_at(const struct ring *r, size_t at)
{
	uint32_t len;

	memcpy(&len, r->bytes + at, LEN_SIZE);
	return len;
}

static void drop_oldest(struct ring *r)
{
	size_t taken = LEN_SIZE + len_at(r, r->head);

	r->head = (r->head + taken) % r->size;
	r->used -= taken;
	r->count--;
}

static void write_record(struct ring *r, const struct iovec *parts, size_t n, uint32_t len)
{
	size_t at = (r->head + r->used) % r->size;
	char *p = r->bytes + at;

	memcpy(p, &len, LEN_SIZE);
	p += LEN_SIZE;
	for (size_t i = 0; i < n; i++) {
		memcpy(p, parts[i].iov_base, parts[i].iov_len);
		p += parts[i].iov_len;
	}
	r->used += LEN_SIZE + len;
	r->count++;
	r->last++;
	r->at[r->last % r->most] = (uint32_t)at;
}

int ring_add(struct ring *r, const struct iovec *parts, size_t n)
{
	size_t len = 0;
	int err = r->at ? 0 : make_memory(r);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		len += parts[i].iov_len;
	if (len > r->size - LEN_SIZE)
		return -EMSGSIZE;
	while (r->count == r->most || r->size - r->used < LEN_SIZE + len)
		drop_oldest(r);
	write_record(r, parts, n, (uint32_t)len);
	return 0;
}

uint64_t ring_first(const struct ring *r)
{
	return r->last - r->count + 1;
}

uint64_t ring_last(const struct ring *r)
{
	return r->last;
}

const char *ring_at(const struct ring *r, uint64_t number, size_t *len)
{
	size_t at;

	if (number > r->last || number < ring_first(r))
		return NULL;
	at = r->at[number % r->most];
	*len = len_at(r, at);
	return r->bytes + at + LEN_SIZE;
}

json_t *ring_save(const struct ring *r, struct handoff_fds *fds)
{
	if (r->fd < 0)
		return json_pack("{s:I}", "last", (json_int_t)r->last);
	if (handoff_fds_add(fds, r->fd) < 0)
		return NULL;
	return json_pack("{s:I, s:i, s:I, s:I, s:I, s:I, s:I}", "last", (json_int_t)r->last, "fd",
			 r->fd, "most", (json_int_t)r->most, "size", (json_int_t)r->size, "head",
			 (json_int_t)r->head, "used", (json_int_t)r->used, "count",
			 (json_int_t)r->count);
}

/* Whether fd is memory of the ring's size, which nobody can make shorter. */
static bool is_memory(const struct ring *r, int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) && fstat(fd, &st) == 0 &&
	       st.st_size == (off_t)(index_size(r) + r->size);
}

/* Whether the sizes can be those of a ring. */
static bool is_plausible(const struct ring *r)
{
	return r->most > 0 && r->most <= UINT32_MAX && r->size > 0 && r->size <= UINT32_MAX &&
	       round_to_pages(r->size) == r->size && r->head < r->size && r->used <= r->size &&
	       r->count <= r->most && r->count <= r->last;
}

/* Whether the index tells of records, and of the oldest and the newest where they are. */
static bool has_index(const struct ring *r)
{
	size_t newest = r->at[r->last % r->most];

	for (size_t i = 0; i < r->most; i++) {
		if (r->at[i] >= r->size)
			return false;
	}
	if (r->count == 0)
		return r->used == 0;
	return r->at[ring_first(r) % r->most] == r->head &&
	       (newest + LEN_SIZE + len_at(r, newest)) % r->size == (r->head + r->used) % r->size;
}

/* What `state` says, if it makes sense. */
static int ring_take(struct ring *r, const json_t *state, struct handoff_fds *fds)
{
	json_int_t most = 0, size = 0, head = -1, used = -1, count = -1;
	int fd = -1, err;

	if (json_unpack((json_t *)state, "{s:i, s:I, s:I, s:I, s:I, s:I}", "fd", &fd, "most", &most,
			"size", &size, "head", &head, "used", &used, "count", &count) < 0)
		return -EBADMSG;
	r->most = (size_t)most;
	r->size = (size_t)size;
	r->head = (size_t)head;
	r->used = (size_t)used;
	r->count = (size_t)count;
	if (!is_plausible(r) || !is_memory(r, fd) || handoff_fds_claim(fds, fd) < 0)
		return -EBADMSG;
	err = ring_map(r, fd);
	if (!err && !has_index(r))
		err = -EBADMSG;
	return err;
}

int ring_restore(struct ring *r, const json_t *state, struct handoff_fds *fds)
{
	const struct ring empty = *r;
	const json_t *last = json_object_get(state, "last");
	int err;

	if (!json_is_integer(last) || json_integer_value(last) < 0)
		return -EBADMSG;
	r->last = (uint64_t)json_integer_value(last);
	if (!json_object_get(state, "fd"))
		return 0;
	err = ring_take(r, state, fds);
	if (err) {
		ring_close(r);
		*r = empty;
		r->last = (uint64_t)json_integer_value(last);
	}
	return err;
}
