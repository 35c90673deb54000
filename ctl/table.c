/* Tables of text: rows of cells, printed in columns as wide as they need to be. */
#include "common/attr.h"
#include "ctl/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *t, const struct style *s, const char *indent, const char *const *head,
		int state_column)
{
	*t = (struct table){.style = s, .indent = indent, .state_column = state_column};
	for (; head[t->columns]; t->columns++) {
		assert(t->columns < TABLE_COLUMNS);
		t->right[t->columns] = head[t->columns][0] == '>';
	}
	for (size_t i = 0; i < t->columns; i++)
		table_add(t, "%s", head[i] + t->right[i]);
}

void table_add(struct table *t, const char *fmt, ...)
{
	/* A program that prints one screen has nothing better to do without memory. */
	char **cells = realloc(t->cells, (t->n_cells + 1) * sizeof(*cells));
	va_list ap;

	if (!cells)
		abort();
	t->cells = cells;
	va_start(ap, fmt);
	if (vasprintf(&cells[t->n_cells], fmt, ap) < 0)
		abort();
	va_end(ap);
	t->n_cells++;
}

/* Columns that a terminal needs for it: characters of UTF-8, not bytes. */
static int width_of(const char *s)
{
	int width = 0;

	for (; *s; s++)
		width += ((unsigned char)*s & 0xc0) != 0x80;
	return width;
}

static int column_width(const struct table *t, size_t column)
{
	int width = 0;

	for (size_t i = column; i < t->n_cells; i += t->columns)
		if (width_of(t->cells[i]) > width)
			width = width_of(t->cells[i]);
	return width;
}

static enum text_color cell_color(const struct table *t, size_t cell)
{
	if (cell < t->columns)
		return TEXT_DIM;
	if (t->state_column >= 0 && cell % t->columns == (size_t)t->state_column)
		return text_state_color(t->cells[cell]);
	return TEXT_PLAIN;
}

static void print_cell(const struct table *t, size_t cell, int width, bool last, FILE *out)
{
	size_t column = cell % t->columns;
	const char *text = t->cells[cell];
	int pad = width - width_of(text);
	enum text_color color = cell_color(t, cell);

	fprintf(out, "%s%*s", column ? "  " : t->indent, t->right[column] ? pad : 0, "");
	if (color != TEXT_PLAIN)
		text_color(out, t->style, color);
	text_put(out, text);
	if (color != TEXT_PLAIN)
		text_color(out, t->style, TEXT_PLAIN);
	if (!t->right[column] && !last)
		fprintf(out, "%*s", pad, "");
}

/* Up to its last cell that is not empty. */
static void print_row(const struct table *t, size_t first, const int *widths, FILE *out)
{
	size_t n = t->columns;

	while (n > 1 && t->cells[first + n - 1][0] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		print_cell(t, first + i, widths[i], i + 1 == n, out);
	fputc('\n', out);
}

void table_print(struct table *t, FILE *out)
{
	int widths[TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < t->columns; i++)
		widths[i] = column_width(t, i);
	for (size_t i = 0; i + t->columns <= t->n_cells; i += t->columns)
		print_row(t, i, widths, out);
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
