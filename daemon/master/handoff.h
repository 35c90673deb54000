/*
 * The state that one image of the master leaves to the next, as bytes. Pure: bytes <-> sections, JSON <-> fields.
 *
 *   magic "BBHANDOF"  format:u32  least_reader:u32  sections:u32  length:u64  crc32:u32   (network order)
 *   section: name_len:u16 name  data_len:u64 data
 *
 * Sections hold JSON, or a module's own versioned bytes (the watch table). Unknown sections are ignored. Never
 * a struct's memory: it crosses builds.
 */
#ifndef DAEMON_MASTER_HANDOFF_H
#define DAEMON_MASTER_HANDOFF_H

#include "common/attr.h"
#include "common/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDOFF_FORMAT	     1
#define HANDOFF_LEAST_READER 1
#define HANDOFF_SECTIONS_MAX 32

struct handoff_section {
	const char *name;
	const void *data;
	size_t len;
};

struct handoff {
	struct handoff_section sections[HANDOFF_SECTIONS_MAX];
	size_t count;
};

/* Appends the encoded sections to out. Returns 0, -ENOBUFS, -ENOMEM. */
int handoff_encode(const struct handoff *h, struct buf *out) BB_NODISCARD;
/*
 * Sections point into data. Returns 0; -EBADMSG: not ours, truncated or damaged; -EPROTONOSUPPORT: its
 * least reader is newer than we are.
 */
int handoff_decode(const void *data, size_t len, struct handoff *h) BB_NODISCARD;
/* NULL when there is none. */
const struct handoff_section *handoff_find(const struct handoff *h, const char *name);

/*
 * The descriptors that stay open across exec. Before exec modules add theirs; after it they claim
 * them, and what nobody claimed is closed.
 */
struct handoff_fds {
	int *fd;
	size_t count;
	size_t size;
};

/* The caller goes on owning fd. Returns 0 or -ENOMEM. */
int handoff_fds_add(struct handoff_fds *fds, int fd) BB_NODISCARD;
/* The caller owns fd from now on; its CLOEXEC is set again. -ENOENT: it is not in the list, or not open. */
int handoff_fds_claim(struct handoff_fds *fds, int fd) BB_NODISCARD;
/* Closes what was not claimed (`close_rest`), frees the list. */
void handoff_fds_finish(struct handoff_fds *fds, bool close_rest);

#endif
