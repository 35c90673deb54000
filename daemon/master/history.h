/*
 * What became of the last 1,000 generations: lines of JSON in the instance's history.jsonl. A line is written with one
 * write(2) when a generation is settled and again when it ends; the last line of a number counts, a torn line
 * is ignored wherever it is, and the file is rewritten by rename(2) when it has grown to twice its size.
 *
 * The file is read when somebody asks what is in it, not when it is opened: a new image has better things to do.
 */
#ifndef DAEMON_MASTER_HISTORY_H
#define DAEMON_MASTER_HISTORY_H

#include "common/attr.h"

#include <jansson.h>
#include <stdint.h>

#define HISTORY_KEPT 1000

struct generation;
struct history;

/* Opens or makes dir/history.jsonl. `dir` NULL: kept in memory only. Returns 0 or -errno. */
int history_open(struct history **h, const char *dir) BB_NODISCARD;
void history_close(struct history *h);
/* The highest number on file, 0 if none: the next daemon goes on from there. */
uint64_t history_last_number(struct history *h);
/* A failing disk is logged once and does not stop anything. */
void history_record(struct history *h, const struct generation *g);
/* New reference to the array of GENERATION objects, oldest first. NULL when memory runs out. */
json_t *history_list(struct history *h);
/* New reference, or NULL. */
json_t *history_find(struct history *h, uint64_t number);

#endif
