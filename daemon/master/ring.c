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
	int fd;	     /* -1: no memory yet */
	size_t size; /* of the memory */
	char *bytes; /* it, mapped twice in a row: a record that goes round the end is in one piece */
	size_t head; /* where the oldest record begins */
	size_t used;
	uint64_t last; /* number of the newest */
	size_t count;
	size_t most;
	uint32_t at[]; /* number n begins at at[n % most] */
};

static size_t round_to_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

struct ring *ring_create(const char *name, size_t size, size_t most)
{
	struct ring *r = calloc(1, sizeof(*r) + most * sizeof(r->at[0]));

	if (!r)
		return NULL;
	r->name = name;
	r->fd = -1;
	r->size = round_to_pages(size);
	r->most = most;
	return r;
}

static void ring_close(struct ring *r)
{
	if (r->bytes)
		munmap(r->bytes, 2 * r->size);
	r->bytes = NULL;
	fd_close(&r->fd);
}

void ring_destroy(struct ring *r)
{
	if (!r)
		return;
	ring_close(r);
	free(r);
}

static int map_half(struct ring *r, char *where)
{
	void *p = mmap(where, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, r->fd, 0);

	return p == MAP_FAILED ? -errno : 0;
}

/* Takes fd, also on failure. */
static int ring_map(struct ring *r, int fd)
{
	void *place = mmap(NULL, 2 * r->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = place == MAP_FAILED ? -errno : 0;

	r->fd = fd;
	if (!err) {
		r->bytes = place;
		err = map_half(r, r->bytes);
	}
	if (!err)
		err = map_half(r, r->bytes + r->size);
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
	if (ftruncate(fd, (off_t)r->size) < 0 ||
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

/* Where the record after the one at `at` begins. */
static size_t after(const struct ring *r, size_t at)
{
	return (at + LEN_SIZE + len_at(r, at)) % r->size;
}

static void drop_oldest(struct ring *r)
{
	r->used -= LEN_SIZE + len_at(r, r->head);
	r->head = after(r, r->head);
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
	int err = r->bytes ? 0 : make_memory(r);

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
	return json_pack("{s:I, s:i, s:I, s:I, s:I}", "last", (json_int_t)r->last, "fd", r->fd,
			 "size", (json_int_t)r->size, "head", (json_int_t)r->head, "used",
			 (json_int_t)r->used);
}

/* Whether fd is a memfd of that size, which nobody can make shorter. */
static bool is_memory(int fd, json_int_t size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) && fstat(fd, &st) == 0 && st.st_size == size &&
	       size > 0 && size <= UINT32_MAX && round_to_pages((size_t)size) == (size_t)size;
}

/* Counts the records, which must fill what is used, neither more nor less. */
static int count_records(struct ring *r)
{
	size_t at = r->head, left = r->used;

	for (r->count = 0; left > 0; r->count++) {
		if (left < LEN_SIZE || left - LEN_SIZE < len_at(r, at))
			return -EBADMSG;
		left -= LEN_SIZE + len_at(r, at);
		at = after(r, at);
	}
	return r->count <= r->last ? 0 : -EBADMSG;
}

static int find_records(struct ring *r)
{
	int err = count_records(r);
	size_t at;

	if (err)
		return err;
	while (r->count > r->most)
		drop_oldest(r);
	at = r->head;
	for (uint64_t number = ring_first(r); number <= r->last; number++) {
		r->at[number % r->most] = (uint32_t)at;
		at = after(r, at);
	}
	return 0;
}

int ring_restore(struct ring *r, const json_t *state, struct handoff_fds *fds)
{
	json_int_t last = 0, size = 0, head = 0, used = 0;
	int fd = -1, err;

	if (json_unpack((json_t *)state, "{s:I, s?i, s?I, s?I, s?I}", "last", &last, "fd", &fd,
			"size", &size, "head", &head, "used", &used) < 0 ||
	    last < 0)
		return -EBADMSG;
	r->last = (uint64_t)last;
	if (fd < 0)
		return 0;
	if (!is_memory(fd, size) || head < 0 || head >= size || used < 0 || used > size ||
	    handoff_fds_claim(fds, fd) < 0)
		return -EBADMSG;
	r->size = (size_t)size;
	r->head = (size_t)head;
	r->used = (size_t)used;
	err = ring_map(r, fd);
	if (!err)
		err = find_records(r);
	if (err) {
		ring_close(r);
		r->head = r->used = r->count = 0;
	}
	return err;
}
