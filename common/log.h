/*
 * Logging: one line a message, to a sink. The only module with mutable state of its own.
 *
 * Messages are lower case, subject first, user data quoted. Library layers (common, ipc, http,
 * config) return errors; master, worker and ctl log them, once. errno is preserved.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Takes one finished line, newline included. Must not log. `owner` is what log_set_sink() got. */
typedef void log_sink_fn(void *owner, const char *line, size_t len);

/*
 * `name` stands before each message ("blackbulld"); it is kept by reference. Without
 * log_set_sink() lines are written to stderr with one write(2) each.
 * On a terminal the level is coloured unless NO_COLOR is set (no-color.org).
 */
void log_init(const char *name, enum log_level level, enum log_format format);
/* `terminal`: whether a person reads what the sink, or without one stderr, gets. */
void log_set_sink(log_sink_fn *sink, void *owner, bool terminal);
bool log_enabled(enum log_level level);

/* "error", "warn", "info", "debug" <-> level. Returns -EINVAL for anything else. */
int log_level_parse(const char *s, enum log_level *level);
int log_format_parse(const char *s, enum log_format *format);

void log_write(enum log_level level, const char *fmt, ...) BB_PRINTF(2, 3);
/* Appends ": " and strerror(err); `err` is positive or negative errno. */
void log_write_errno(enum log_level level, int err, const char *fmt, ...) BB_PRINTF(3, 4);

#define log_error(...)		  log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)		  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)		  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)		  log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_error_errno(err, ...) log_write_errno(LOG_LEVEL_ERROR, err, __VA_ARGS__)
#define log_warn_errno(err, ...)  log_write_errno(LOG_LEVEL_WARN, err, __VA_ARGS__)

#endif
