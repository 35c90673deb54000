/* One run of blackbullctl: finding the daemon, asking it, and saying why it did not work. */
#include "ctl/ctl.h"

#include "common/path.h"
#include "common/str.h"
#include "ctl/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* $PWD if it is where we are: what the user sees, with its symbolic links. */
static void find_cwd(char *out, size_t size)
{
	const char *pwd = getenv("PWD");
	struct stat there, here;

	if (pwd && pwd[0] == '/' && stat(pwd, &there) == 0 && stat(".", &here) == 0 &&
	    there.st_dev == here.st_dev && there.st_ino == here.st_ino &&
	    path_normalize(out, size, "/", pwd) == 0)
		return;
	if (!getcwd(out, size))
		out[0] = '\0';
}

void ctl_init(struct ctl *c)
{
	*c = (struct ctl){0};
	find_cwd(c->cwd, sizeof(c->cwd));
}

void ctl_finish(struct ctl *c)
{
	client_close(c->client);
	instance_finish(&c->target);
	*c = (struct ctl){0};
}

void ctl_start_clock(struct ctl *c, uint64_t otherwise_ms)
{
	uint64_t ms = c->has_timeout ? c->timeout_ms : otherwise_ms;

	c->deadline = ms == 0 ? (struct mono){0}
			      : mono_add_ms(mono_now(), ms > INT32_MAX ? INT32_MAX : (int64_t)ms);
}

/* With several to choose from, the user sees which. */
static enum ctl_exit report_ambiguous(const struct ctl *c, const struct instances *all)
{
	if (!c->json)
		for (size_t i = 0; i < all->len; i++) {
			const json_t *info = all->v[i].info;
			const char *directory =
				json_string_value(json_object_get(info, "directory"));
			const char *target = json_string_value(json_object_get(info, "target"));

			fprintf(stderr, "  -s %s  (%s in %s)\n", all->v[i].socket,
				target ? target : "?", directory ? directory : "?");
		}
	return output_error(c, CTL_USAGE, "ambiguous",
			    "%zu daemons are running and none is nearer to this directory than "
			    "the others; choose one with -s SOCKET",
			    all->len);
}

static enum ctl_exit report_unfound(const struct ctl *c, int err, const struct instances *all)
{
	switch (-err) {
	case ENOENT:
		return output_error(c, CTL_NOT_RUNNING, "not_running",
				    "no blackbulld of yours is running");
	case ENOTUNIQ:
		return report_ambiguous(c, all);
	case EPERM:
	case EACCES:
		return output_error(c, CTL_NOT_PERMITTED, "not_permitted",
				    "the folder of the instances is not yours alone; make it mode "
				    "0700, or name a socket with -s");
	default:
		return output_error(c, CTL_FAILED, "failed", "looking for instances: %s",
				    strerror(-err));
	}
}

static enum ctl_exit find_by_directory(struct ctl *c)
{
	struct instances all = {0};
	size_t chosen = 0;
	char real[PATH_MAX];
	int err = instances_scan(&all);

	if (!err)
		err = instances_choose(&all, c->cwd, &chosen);
	/* The daemon may know the directory by its other name. */
	if (err == -ENOTUNIQ && getcwd(real, sizeof(real)))
		err = instances_choose(&all, real, &chosen);

	enum ctl_exit status = CTL_OK;

	if (err) {
		status = report_unfound(c, err, &all);
	} else {
		c->target = all.v[chosen];
		all.v[chosen] = (struct instance){0};
	}
	instances_finish(&all);
	return status;
}

static enum ctl_exit find_by_socket(struct ctl *c)
{
	char path[PATH_MAX];
	int err = path_normalize(path, sizeof(path), c->cwd, c->socket);

	if (!err)
		err = instance_from_socket(&c->target, path);
	if (err)
		return output_error(c, CTL_FAILED, "failed", "socket \"%s\": %s", c->socket,
				    strerror(-err));
	return CTL_OK;
}

enum ctl_exit ctl_find(struct ctl *c)
{
	return c->socket ? find_by_socket(c) : find_by_directory(c);
}

struct client_place ctl_place(const struct ctl *c, const char *socket)
{
	return (struct client_place){.socket = socket, .dir = c->target.dir};
}

void ctl_make_id(char id[CTL_ID_LEN])
{
	unsigned char bytes[16];

	/* Never fails for so few bytes once the system is up; until then it waits. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

char *ctl_events_socket(const char *admin_socket)
{
	char dir[PATH_MAX];

	if (strcmp(path_basename(admin_socket), ADMIN_SOCKET_NAME) != 0)
		return str_printf("%s.events", admin_socket);
	if (path_normalize(dir, sizeof(dir), admin_socket, "..") < 0)
		return NULL;
	return str_printf("%s/%s", dir, EVENTS_SOCKET_NAME);
}

json_t *ctl_absolute_paths(const struct ctl *c, const char *const *words, size_t n)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < n; i++) {
		char path[PATH_MAX];
		int err = path_normalize(path, sizeof(path), c->cwd, words[i]);

		if (!err && json_array_append_new(paths, json_string(path)) < 0)
			err = -EILSEQ; /* JSON is UTF-8 */
		if (err) {
			output_error(c, CTL_USAGE, "usage", "path \"%s\": %s", words[i],
				     strerror(-err));
			json_decref(paths);
			return NULL;
		}
	}
	return paths;
}
