/*
 * What the daemon prints: its own log, and what workers wrote, line by line, marked "7.0 | " (generation
 * and slot). It never blocks: when the terminal or pipe behind a descriptor is full, lines wait in a bounded
 * buffer, and those that do not fit are dropped with a count.
 *
 * With one worker, partial lines pass at once, so that a prompt such as "(Pdb) " is seen.
 */
#ifndef DAEMON_MASTER_OUTPUT_H
#define DAEMON_MASTER_OUTPUT_H

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/master/logbook.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct output;

/* The slot of what the build command writes: marked "7.build | ". */
#define OUTPUT_SLOT_BUILD UINT32_MAX
/* The slot of the nursery, which belongs to no generation: marked "nursery | ". */
#define OUTPUT_SLOT_NURSERY (UINT32_MAX - 1)

/* The bytes of one worker's stdout or stderr that make no whole line yet. */
struct output_source {
	uint64_t generation;
	uint32_t slot;
	enum log_stream stream;
	struct buf partial;
	size_t shown; /* of `partial`, how many bytes are on the terminal already */
};

/* Writes to the two descriptors, which stay the caller's. Lines of workers go into `book` too. */
struct output *output_create(struct ev_loop *loop, struct logbook *book, int out_fd, int err_fd);
/* Tries to write what is left, without waiting. */
void output_destroy(struct output *o);
/* A log_sink_fn: the daemon's own lines go to err_fd. */
void output_log(void *output, const char *line, size_t len);
/* Whether partial lines of workers are shown at once (one worker). */
void output_set_interactive(struct output *o, bool on);
/* Called with the bytes that were written to either descriptor. They may lead elsewhere afterwards. */
typedef void output_written_fn(void *owner, const char *data, size_t len);
void output_on_written(struct output *o, output_written_fn *written, void *owner);
/* Called after lines were added to the logbook. */
void output_on_lines(struct output *o, void (*added)(void *owner), void *owner);

void output_source_init(struct output_source *s, uint64_t generation, uint32_t slot,
			enum log_stream stream);
void output_source_finish(struct output_source *s);
void output_feed(struct output *o, struct output_source *s, const char *data, size_t len);
/* The source is at its end: a line without a newline is one. */
void output_end(struct output *o, struct output_source *s);

#endif
