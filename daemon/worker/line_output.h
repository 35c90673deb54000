/*
 * Lines to a descriptor that others may share and nobody may read, without ever blocking the loop
 * and without O_NONBLOCK, which would change it for the others too: poll(2) first, then PIPE_BUF
 * bytes at most. Lines are gathered over one turn of the loop. When the reader is too slow, lines
 * are dropped and counted.
 */
#ifndef DAEMON_WORKER_LINE_OUTPUT_H
#define DAEMON_WORKER_LINE_OUTPUT_H

#include "common/attr.h"
#include "common/buf.h"

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_OUTPUT_MAX (256 * 1024) /* bytes that wait at most */

struct line_output {
	struct ev_loop *loop;
	int fd; /* of the caller */
	ev_io writable;
	ev_prepare turn;
	struct buf data;
	uint64_t dropped; /* lines, since the last line_output_take_dropped() */
};

void line_output_init(struct line_output *o, struct ev_loop *loop, int fd);
/* Writes what can be written without waiting, and forgets the rest. */
void line_output_finish(struct line_output *o);

/* Adds one line with its newline, or counts it as dropped. */
void line_output_add(struct line_output *o, const char *line, size_t len);
/* How many lines were lost, once there is room again; 0 until then. Starts counting anew. */
uint64_t line_output_take_dropped(struct line_output *o);

#endif
