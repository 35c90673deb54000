/* What workers wrote, the last LOGBOOK_BYTES of it, by worker and generation: for `logs` and for the end of stderr of a failure. */
#ifndef DAEMON_MASTER_LOGBOOK_H
#define DAEMON_MASTER_LOGBOOK_H

#include "common/attr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGBOOK_BYTES (256 * 1024)

struct handoff_fds;
struct logbook;

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct logbook *logbook_create(void);
void logbook_destroy(struct logbook *b);

/* One line without its newline; longer than 8 KiB is cut. Lines get numbers that never repeat. */
void logbook_add(struct logbook *b, uint64_t generation, uint32_t slot, enum log_stream stream,
		 const char *line, size_t len);
/* The number of the newest line, 0 before the first. */
uint64_t logbook_last_seq(const struct logbook *b);
/*
 * The last `max` lines with a number above `since`, oldest first, of one generation (0: all), as
 * {"seq","time","generation","worker","stream","line"}. New reference or NULL.
 */
json_t *logbook_lines(const struct logbook *b, uint64_t since, uint64_t generation, size_t max);
/* The last `max` stderr lines of a generation joined by newlines. Allocated; NULL: none. */
char *logbook_tail(const struct logbook *b, uint64_t generation, size_t max);

/* Across execve(2). NULL when memory runs out. */
json_t *logbook_save(const struct logbook *b, struct handoff_fds *fds);
/* Before the first line. Returns 0 or -errno: only the numbers go on, if they can be read. */
int logbook_restore(struct logbook *b, const json_t *state, struct handoff_fds *fds) BB_NODISCARD;

#endif
