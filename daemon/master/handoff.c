/* The hand-over state as bytes: sections in a sealed frame with a version and a check sum. */
#include "daemon/master/handoff.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char magic[8] = {'B', 'B', 'H', 'A', 'N', 'D', 'O', 'F'};

#define HEADER_LEN (8 + 4 + 4 + 4 + 8 + 4)

static uint32_t checksum(const void *data, size_t len)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, len);
}

static int encode_section(const struct handoff_section *s, struct buf *out)
{
	size_t name_len = strlen(s->name);
	int rc = buf_add_u16(out, (uint16_t)name_len);

	if (rc == 0)
		rc = buf_add(out, s->name, name_len);
	if (rc == 0)
		rc = buf_add_u64(out, s->len);
	if (rc == 0 && s->len)
		rc = buf_add(out, s->data, s->len);
	return rc;
}

static int encode_header(const struct handoff *h, const struct buf *body, struct buf *out)
{
	int rc = buf_add(out, magic, sizeof(magic));

	if (rc == 0)
		rc = buf_add_u32(out, HANDOFF_FORMAT);
	if (rc == 0)
		rc = buf_add_u32(out, HANDOFF_LEAST_READER);
	if (rc == 0)
		rc = buf_add_u32(out, (uint32_t)h->count);
	if (rc == 0)
		rc = buf_add_u64(out, buf_len(body));
	if (rc == 0)
		rc = buf_add_u32(out, checksum(buf_data(body), buf_len(body)));
	return rc;
}

int handoff_encode(const struct handoff *h, struct buf *out)
{
	struct buf body;
	int rc = 0;

	buf_init(&body, SIZE_MAX);
	for (size_t i = 0; i < h->count && rc == 0; i++)
		rc = encode_section(&h->sections[i], &body);
	if (rc == 0)
		rc = encode_header(h, &body, out);
	if (rc == 0)
		rc = buf_add(out, buf_data(&body), buf_len(&body));
	buf_finish(&body);
	return rc;
}

/* The name as a C string, which lives on when the bytes do not; NULL for a section of another build. */
static const char *intern(const void *name, size_t len)
{
	static const char *const known[] = {"master",	   "instance", "listeners",   "supervisor",
					    "admin",	   "waiters",  "watcher",     "events",
					    "logbook",	   "fds",      "background",  "service",
					    "admin-bytes", "nursery",  "nursery-list"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strlen(known[i]) == len && memcmp(known[i], name, len) == 0)
			return known[i];
	}
	return NULL;
}

/* Reads one section; one that this build does not know is passed over. */
static int decode_section(struct reader *r, struct handoff *h)
{
	const void *name, *data;
	uint16_t name_len;
	uint64_t len;
	const char *known;

	if (reader_u16(r, &name_len) < 0 || reader_bytes(r, &name, name_len) < 0 ||
	    reader_u64(r, &len) < 0 || len > reader_left(r) ||
	    reader_bytes(r, &data, (size_t)len) < 0)
		return -EBADMSG;
	known = intern(name, name_len);
	if (known && h->count < HANDOFF_SECTIONS_MAX)
		h->sections[h->count++] = (struct handoff_section){known, data, (size_t)len};
	return 0;
}

int handoff_decode(const void *data, size_t len, struct handoff *h)
{
	uint32_t format, least, count, sum;
	uint64_t body_len;
	const void *m;
	struct reader r;

	h->count = 0;
	reader_init(&r, data, len);
	if (reader_bytes(&r, &m, sizeof(magic)) < 0 || memcmp(m, magic, sizeof(magic)) != 0 ||
	    reader_u32(&r, &format) < 0 || reader_u32(&r, &least) < 0)
		return -EBADMSG;
	if (least > HANDOFF_FORMAT)
		return -EPROTONOSUPPORT;
	if (reader_u32(&r, &count) < 0 || reader_u64(&r, &body_len) < 0 || reader_u32(&r, &sum) < 0)
		return -EBADMSG;
	if (body_len != reader_left(&r) || checksum(r.p, reader_left(&r)) != sum)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		if (decode_section(&r, h) < 0) {
			h->count = 0;
			return -EBADMSG;
		}
	}
	return 0;
}

const struct handoff_section *handoff_find(const struct handoff *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++) {
		if (strcmp(h->sections[i].name, name) == 0)
			return &h->sections[i];
	}
	return NULL;
}

int handoff_fds_add(struct handoff_fds *fds, int fd)
{
	if (fds->count == fds->size) {
		size_t size = fds->size ? fds->size * 2 : 32;
		int *grown = realloc(fds->fd, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		fds->fd = grown;
		fds->size = size;
	}
	fds->fd[fds->count++] = fd;
	return 0;
}

int handoff_fds_claim(struct handoff_fds *fds, int fd)
{
	for (size_t i = 0; i < fds->count; i++) {
		if (fds->fd[i] != fd)
			continue;
		fds->fd[i] = fds->fd[--fds->count];
		return fd_set_cloexec(fd, true) == 0 ? 0 : -ENOENT;
	}
	return -ENOENT;
}

void handoff_fds_finish(struct handoff_fds *fds, bool close_rest)
{
	for (size_t i = 0; close_rest && i < fds->count; i++)
		close(fds->fd[i]);
	free(fds->fd);
	*fds = (struct handoff_fds){0};
}
