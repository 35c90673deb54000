/* Values as people read them, and tables of them. Pure. */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "common/clock.h"
#include "ctl/output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_LEN 32

/* "0.4 ms", "23 ms", "1.2 s", "3 min", "2 h 5 min", "4 d 3 h". Each returns `out`. */
char *text_duration(char out[TEXT_LEN], double ms);
/* "512 B", "12.3 MB" (powers of 1024). */
char *text_bytes(char out[TEXT_LEN], uint64_t bytes);
/* An RFC 3339 time in local time: "12:03:55" today, else "2026-11-22 12:03:55"; "-" if absent or wrong. */
char *text_time(char out[TEXT_LEN], const char *rfc3339, struct wall now);

/* Text from elsewhere, with control characters made harmless. */
void text_put(FILE *out, const char *s);
/* The same for a path, relative to the current directory when it is below. */
void text_put_path(FILE *out, const struct style *s, const char *path);

enum text_color { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_RED, TEXT_GREEN, TEXT_YELLOW };

/* Everything until TEXT_PLAIN is in that colour; nothing is printed without colours. */
void text_color(FILE *out, const struct style *s, enum text_color color);
/* The colour in which people expect the state of a generation, a worker, a daemon. */
enum text_color text_state_color(const char *state);

#define TABLE_COLUMNS 12

/* Rows of cells, printed in columns as wide as they need to be. */
struct table {
	const struct style *style;
	const char *indent;
	size_t columns, n_cells;
	char **cells; /* row by row; the first row is the head */
	bool right[TABLE_COLUMNS];
	int state_column; /* coloured as a state; -1: none */
};

/* `head` is one string a column, NULL-terminated; a leading ">" aligns the column to the right. */
void table_init(struct table *t, const struct style *s, const char *indent, const char *const *head,
		int state_column);
/* The next cell of the next row. Memory that runs out ends the program. */
void table_add(struct table *t, const char *fmt, ...) BB_PRINTF(2, 3);
/* Prints it, without blanks at the ends of lines, and frees the memory. */
void table_print(struct table *t, FILE *out);

#endif
