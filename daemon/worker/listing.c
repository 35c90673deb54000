/* The page that shows what a directory holds. */
#include "daemon/worker/listing.h"

#include "common/fd.h"
#include "common/path.h"
#include "daemon/worker/beneath.h"
#include "daemon/worker/escape.h"
#include "daemon/worker/page.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void listing_finish(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->entries[i].name);
	free(l->entries);
	*l = (struct listing){0};
}

static int by_kind_and_name(const void *one, const void *other)
{
	const struct listing_entry *a = one, *b = other;

	if (a->folder != b->folder)
		return a->folder ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Takes entry->name. The room doubles at each power of two. */
static int listing_add(struct listing *l, const struct listing_entry *entry)
{
	if ((l->count & (l->count - 1)) == 0) {
		size_t room = l->count ? 2 * l->count : 1;
		void *grown = realloc(l->entries, room * sizeof(*l->entries));

		if (!grown) {
			free(entry->name);
			return -ENOMEM;
		}
		l->entries = grown;
	}
	l->entries[l->count++] = *entry;
	return 0;
}

/* Adds name unless it is hidden, leads outside, or is neither a file nor a folder. */
static int read_entry(struct listing *l, int root, const char *path, const char *name)
{
	char full[PATH_MAX];
	struct listing_entry entry;
	struct stat st;

	if (name[0] == '.')
		return 0;
	if (l->count == LISTING_MAX) {
		l->left_out++;
		return 0;
	}
	if ((*path && path_join(full, sizeof(full), path, name) < 0) ||
	    beneath_stat(root, *path ? full : name, &st) < 0)
		return 0;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	entry = (struct listing_entry){
		.name = strdup(name),
		.folder = S_ISDIR(st.st_mode),
		.size = (uint64_t)st.st_size,
		.modified = st.st_mtime,
	};
	return entry.name ? listing_add(l, &entry) : -ENOMEM;
}

int listing_read(struct listing *l, int root, const char *path, int dir)
{
	struct listing got = {0};
	const struct dirent *entry;
	DIR *stream = fdopendir(dir);
	int err = 0;

	if (!stream) {
		err = -errno;
		fd_close(&dir);
		return err;
	}
	while (!err && (entry = readdir(stream)))
		err = read_entry(&got, root, path, entry->d_name);
	closedir(stream);
	if (err) {
		listing_finish(&got);
		return err;
	}
	if (got.count > 1)
		qsort(got.entries, got.count, sizeof(*got.entries), by_kind_and_name);
	*l = got;
	return 0;
}

/* "999 B", "1.5 KiB", "2.0 GiB" */
static void size_format(uint64_t size, char *out, size_t room)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)size;
	size_t i;

	if (size < 1024) {
		snprintf(out, room, "%" PRIu64 " B", size);
		return;
	}
	value /= 1024;
	for (i = 0; value >= 1023.95 && i + 1 < ARRAY_LEN(units); i++)
		value /= 1024;
	snprintf(out, room, "%.1f %s", value, units[i]);
}

static int render_row(const struct listing_entry *e, struct buf *out)
{
	const char *slash = e->folder ? "/" : "";
	char size[32] = "", date[32] = "";
	struct tm tm;
	int err = buf_add_str(out, "<tr><td><a href=\"./");

	if (!e->folder)
		size_format(e->size, size, sizeof(size));
	if (gmtime_r(&e->modified, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	if (!err)
		err = escape_path(out, e->name, strlen(e->name), false);
	if (!err)
		err = buf_printf(out, "%s\">", slash);
	if (!err)
		err = escape_html(out, e->name, strlen(e->name));
	if (!err)
		err = buf_printf(out, "%s</a></td><td>%s</td><td>%s</td></tr>\n", slash, size,
				 date);
	return err;
}

static int render_notes(const struct listing *l, struct buf *out)
{
	if (l->count == 0)
		return buf_add_str(out, "<p class=\"quiet\">This folder is empty.</p>\n");
	if (l->left_out > 0)
		return buf_printf(out, "<p class=\"quiet\">… and %zu more.</p>\n", l->left_out);
	return 0;
}

int listing_render(const struct listing *l, const char *path, struct buf *out)
{
	char title[PATH_MAX + 2];
	int err;

	snprintf(title, sizeof(title), "/%s%s", path, *path ? "/" : "");
	err = page_begin(out, title);
	if (!err)
		err = buf_add_str(out, "<table>\n");
	if (!err && *path)
		err = buf_add_str(out, "<tr><td><a href=\"../\">../</a></td><td></td>"
				       "<td></td></tr>\n");
	for (size_t i = 0; i < l->count && !err; i++)
		err = render_row(&l->entries[i], out);
	if (!err)
		err = buf_add_str(out, "</table>\n");
	if (!err)
		err = render_notes(l, out);
	if (!err)
		err = page_end(out);
	return err;
}
