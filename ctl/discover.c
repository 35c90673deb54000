/* Which daemon is meant. */
#include "ctl/discover.h"

#include "common/admin_proto.h"
#include "common/fd.h"
#include "common/path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INFO_MAX ((size_t)1024 * 1024)

void instance_finish(struct instance *i)
{
	free(i->dir);
	free(i->socket);
	json_decref(i->info);
	*i = (struct instance){0};
}

void instances_finish(struct instances *all)
{
	for (size_t i = 0; i < all->len; i++)
		instance_finish(&all->v[i]);
	free(all->v);
	*all = (struct instances){0};
}

/* dir/info.json, or an empty object: a daemon that is just starting has none yet. */
static json_t *read_info(const char *dir)
{
	char path[PATH_MAX];
	char *text;
	size_t len;
	json_t *info = NULL;

	if (path_join(path, sizeof(path), dir, "info.json") == 0 &&
	    fd_read_file(path, INFO_MAX, &text, &len) == 0) {
		info = json_loadb(text, len, 0, NULL);
		free(text);
	}
	if (json_is_object(info))
		return info;
	json_decref(info);
	return json_object();
}

/* The daemon's --admin may be anywhere; info.json says where. */
static char *admin_socket(const char *dir, const json_t *info)
{
	const char *told = json_string_value(json_object_get(info, "admin"));
	char path[PATH_MAX];

	if (told)
		return strdup(told);
	return path_join(path, sizeof(path), dir, ADMIN_SOCKET_NAME) == 0 ? strdup(path) : NULL;
}

static int instance_init(struct instance *i, const char *dir)
{
	*i = (struct instance){.dir = strdup(dir), .info = read_info(dir)};
	i->socket = i->dir ? admin_socket(dir, i->info) : NULL;
	if (i->socket && i->info)
		return 0;
	instance_finish(i);
	return -ENOMEM;
}

static int add_instance(struct instances *all, const char *dir)
{
	struct instance *v = realloc(all->v, (all->len + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	all->v = v;

	int err = instance_init(&v[all->len], dir);

	if (!err)
		all->len++;
	return err;
}

static int add_if_alive(struct instances *all, const char *base, const char *name)
{
	char dir[PATH_MAX];

	if (name[0] == '.' || path_join(dir, sizeof(dir), base, name) < 0)
		return 0;
	return path_instance_alive(dir) == 1 ? add_instance(all, dir) : 0;
}

static int by_dir(const void *a, const void *b)
{
	return strcmp(((const struct instance *)a)->dir, ((const struct instance *)b)->dir);
}

int instances_scan(struct instances *all)
{
	struct instances found = {0};
	char base[PATH_MAX];
	struct dirent *entry;
	int err = path_runtime_dir(base, sizeof(base), false);

	if (err)
		return err == -ENOENT ? 0 : err;

	DIR *folder = opendir(base);

	if (!folder)
		return -errno;
	while (!err && (entry = readdir(folder)))
		err = add_if_alive(&found, base, entry->d_name);
	closedir(folder);
	if (err) {
		instances_finish(&found);
		return err;
	}
	if (found.len > 1)
		qsort(found.v, found.len, sizeof(*found.v), by_dir);
	*all = found;
	return 0;
}

/* How deep the directory is that holds cwd; 0 when it does not. */
static size_t depth_of(const char *dir, const char *cwd)
{
	return dir && path_within(cwd, dir) ? strlen(dir) : 0;
}

static size_t instance_depth(const struct instance *i, const char *cwd)
{
	const json_t *paths = json_object_get(json_object_get(i->info, "watch"), "paths");
	size_t best = depth_of(json_string_value(json_object_get(i->info, "directory")), cwd);
	size_t index;
	json_t *path;

	json_array_foreach(paths, index, path)
	{
		size_t depth = depth_of(json_string_value(path), cwd);

		if (depth > best)
			best = depth;
	}
	return best;
}

int instances_choose(const struct instances *all, const char *cwd, size_t *chosen)
{
	size_t best = 0, best_depth = 0, rivals = 0;

	for (size_t i = 0; i < all->len; i++) {
		size_t depth = instance_depth(&all->v[i], cwd);

		if (depth > best_depth) {
			best = i;
			best_depth = depth;
			rivals = 0;
		} else if (depth == best_depth && i > 0) {
			rivals++;
		}
	}
	if (all->len == 0)
		return -ENOENT;
	if (rivals > 0)
		return -ENOTUNIQ;
	*chosen = best;
	return 0;
}

/* The one of `all` that has this socket. */
static const struct instance *find_socket(const struct instances *all, const char *socket)
{
	for (size_t i = 0; i < all->len; i++)
		if (strcmp(all->v[i].socket, socket) == 0)
			return &all->v[i];
	return NULL;
}

/* The folder of the instance with this socket, allocated; NULL: not known. */
static char *folder_of_socket(const char *socket)
{
	struct instances all = {0};
	char dir[PATH_MAX];

	if (strcmp(path_basename(socket), ADMIN_SOCKET_NAME) == 0 &&
	    path_normalize(dir, sizeof(dir), socket, "..") == 0 && path_instance_alive(dir) == 1)
		return strdup(dir);
	if (instances_scan(&all) < 0)
		return NULL;

	const struct instance *found = find_socket(&all, socket);
	char *copy = found ? strdup(found->dir) : NULL;

	instances_finish(&all);
	return copy;
}

int instance_from_socket(struct instance *i, const char *socket)
{
	struct instance new = {.dir = folder_of_socket(socket), .socket = strdup(socket)};

	new.info = new.dir ? read_info(new.dir) : json_object();
	if (!new.socket || !new.info) {
		instance_finish(&new);
		return -ENOMEM;
	}
	*i = new;
	return 0;
}
