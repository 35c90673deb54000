/*
 * What is still to be written to a socket: bytes and stretches of files, in order. Knows no loop.
 */
#ifndef DAEMON_HTTP_OUTPUT_H
#define DAEMON_HTTP_OUTPUT_H

#include "common/attr.h"
#include "common/buf.h"
#include "common/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct output {
	struct buf bytes;    /* all queued bytes; files stand between them */
	struct list files;   /* struct output_file, in order */
	size_t tail;	     /* bytes behind the last file */
	uint64_t file_bytes; /* still to be sent of all files */
};

void output_init(struct output *o);
/* Drops what is queued. */
void output_finish(struct output *o);

static inline uint64_t output_pending(const struct output *o)
{
	return buf_len(&o->bytes) + o->file_bytes;
}

/* Queues a copy. Returns 0 or -ENOMEM. */
int output_add(struct output *o, const void *data, size_t len) BB_NODISCARD;
/* For writing in place: room for n bytes, then say how many there are. */
int output_reserve(struct output *o, size_t n) BB_NODISCARD;
void output_commit(struct output *o, size_t n);
/* Queues len bytes of fd. Takes fd, on errors too. Returns 0 or -ENOMEM. */
int output_add_file(struct output *o, int fd, off_t offset, uint64_t len) BB_NODISCARD;

/*
 * Writes what is queued. Returns 0: all is out; 1: the socket is full, or has had its fair share of a big
 * file for this turn; -errno: the peer is gone, or a file turned out shorter than promised (-EIO).
 * SIGPIPE must be ignored.
 */
int output_flush(struct output *o, int sock) BB_NODISCARD;
/* The same with `len` bytes at the end that are copied only as far as the socket does not take them now. */
int output_write(struct output *o, int sock, const void *data, size_t len) BB_NODISCARD;

#endif
