/* The instance's folder: made, checked, locked; the sockets' paths and info.json in it. */
#include "daemon/master/instance.h"

#include "common/admin_proto.h"
#include "common/fd.h"
#include "common/path.h"
#include "common/str.h"
#include "daemon/master/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_TRIES	5000 /* of a millisecond each, while somebody looks */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

struct instance {
	char *dir;
	char *admin_path;  /* NULL with --admin off */
	char *events_path; /* NULL with --admin off */
	int lock_fd;	   /* holds the lock while it is open, in this image and the next */
};

static int BB_PRINTF(3, 4) fail(struct config_error *e, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	e->status = err == -EINVAL ? CONFIG_STATUS_USAGE : CONFIG_STATUS_ENVIRONMENT;
	return err;
}

static struct instance *instance_alloc(void)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (i)
		i->lock_fd = -1;
	return i;
}

static void instance_free(struct instance *i)
{
	if (!i)
		return;
	fd_close(&i->lock_fd);
	free(i->dir);
	free(i->admin_path);
	free(i->events_path);
	free(i);
}

char *instance_target(const struct config *c)
{
	char *text = strdup(c->target ? c->target : "");

	for (size_t i = 0; text && i < c->command.len; i++) {
		char *longer = str_printf("%s%s%s", text, *text ? " " : "", c->command.v[i]);

		free(text);
		text = longer;
	}
	return text;
}

static char *joined(const char *dir, const char *file)
{
	return str_printf("%s/%s", dir, file);
}

/* The folder of every instance, and the name of ours in it. */
static int find_dir(struct instance *i, const struct config *c, struct config_error *e)
{
	char base[PATH_MAX], id[NAME_MAX];
	char *target = instance_target(c);
	int err =
		target ? path_instance_id(id, sizeof(id), c->name, c->directory, target) : -ENOMEM;

	free(target);
	if (err == -EINVAL)
		return fail(
			e, err,
			"--name \"%s\": 1 to 32 letters, digits, \".\", \"_\", \"-\" and \"@\", "
			"not beginning with \".\" or \"-\"",
			c->name);
	if (err)
		return fail(e, err, "instance name: %s", strerror(-err));
	err = path_runtime_dir(base, sizeof(base), true);
	if (err)
		return fail(
			e, err,
			"no folder for the admin socket and the lock ($XDG_RUNTIME_DIR/blackbulld, "
			"else /tmp/blackbulld-%u): %s; set XDG_RUNTIME_DIR to a folder that only "
			"you can enter",
			(unsigned)geteuid(), strerror(-err));
	i->dir = joined(base, id);
	return i->dir ? 0 : fail(e, -ENOMEM, "out of memory");
}

/* It is ours alone: others could else put sockets or history in our place. */
static int make_dir(const char *dir, struct config_error *e)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(e, -errno,
			    "folder \"%s\": %s; make it possible, or set XDG_RUNTIME_DIR", dir,
			    strerror(errno));
	if (lstat(dir, &st) < 0)
		return fail(e, -errno, "folder \"%s\": %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return fail(e, -EPERM,
			    "folder \"%s\": not a folder of mode 0700 that belongs to you; remove "
			    "it or "
			    "give another --name",
			    dir);
	return 0;
}

/*
 * Whoever only looks whether we live holds the lock shared, for some microseconds (path_instance_alive()); a daemon
 * holds it alone. So one that cannot even be shared is a daemon's, and any other will be free in a moment.
 */
static int lock_file(int fd)
{
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK || tries == LOCK_TRIES || flock(fd, LOCK_SH | LOCK_NB) < 0)
			return -errno;
		flock(fd, LOCK_UN);
		poll(NULL, 0, 1);
	}
	return 0;
}

static int open_lock(const char *dir)
{
	char path[PATH_MAX];
	int err = path_join(path, sizeof(path), dir, "lock");

	if (err)
		return err;

	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	err = lock_file(fd);
	if (err) {
		fd_close(&fd);
		return err;
	}
	return fd;
}

/* For people and for the message to the next one; the lock itself is what counts. */
static int write_pid(int fd)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		return -errno;
	return 0;
}

static int fail_locked(const char *dir, struct config_error *e)
{
	char path[PATH_MAX];
	char *text = NULL;
	size_t len = 0;

	if (path_join(path, sizeof(path), dir, "lock") < 0 ||
	    fd_read_file(path, 64, &text, &len) < 0 || len == 0) {
		free(text);
		text = strdup("?");
	}
	fail(e, -EWOULDBLOCK,
	     "already running here for this target (pid %.*s); stop it with \"blackbullctl stop\", "
	     "or "
	     "give this one a --name of its own",
	     text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	free(text);
	return -EWOULDBLOCK;
}

static int take_lock(struct instance *i, struct config_error *e)
{
	int fd = open_lock(i->dir);

	if (fd == -EWOULDBLOCK)
		return fail_locked(i->dir, e);
	if (fd < 0)
		return fail(e, fd, "lock \"%s/lock\": %s", i->dir, strerror(-fd));
	i->lock_fd = fd;

	int err = write_pid(fd);

	return err ? fail(e, err, "lock \"%s/lock\": %s", i->dir, strerror(-err)) : 0;
}

/* Where the sockets are: in the folder, or where --admin says. */
static int place_sockets(struct instance *i, const struct config *c, struct config_error *e)
{
	char path[PATH_MAX];

	if (c->admin && strcmp(c->admin, "off") == 0)
		return 0;
	if (c->admin) {
		if (path_normalize(path, sizeof(path), c->directory, c->admin) < 0)
			return fail(e, -ENAMETOOLONG, "--admin \"%s\": too long", c->admin);
		i->admin_path = strdup(path);
		i->events_path = str_printf("%s.events", path);
	} else {
		i->admin_path = joined(i->dir, ADMIN_SOCKET_NAME);
		i->events_path = joined(i->dir, EVENTS_SOCKET_NAME);
	}
	if (!i->admin_path || !i->events_path)
		return fail(e, -ENOMEM, "out of memory");
	if (strlen(i->events_path) > SOCKET_PATH_MAX)
		return fail(
			e, -ENAMETOOLONG,
			"socket \"%s\": %zu bytes, but the path of a socket has at most %zu; %s",
			i->events_path, strlen(i->events_path), SOCKET_PATH_MAX,
			c->admin ? "give --admin a shorter path"
				 : "set XDG_RUNTIME_DIR to a shorter path, or give --admin PATH");
	return 0;
}

int instance_open(struct instance **i, const struct config *c, struct config_error *e)
{
	struct instance *new = instance_alloc();
	int err = new ? find_dir(new, c, e) : fail(e, -ENOMEM, "out of memory");

	if (!err)
		err = place_sockets(new, c, e);
	if (!err)
		err = make_dir(new->dir, e);
	if (!err)
		err = take_lock(new, e);
	if (err) {
		instance_free(new);
		return err;
	}
	*i = new;
	return 0;
}

void instance_close(struct instance *i)
{
	char path[PATH_MAX];

	if (!i)
		return;
	if (path_join(path, sizeof(path), i->dir, "info.json") == 0)
		unlink(path);
	instance_free(i);
}

const char *instance_dir(const struct instance *i)
{
	return i->dir;
}

const char *instance_admin_path(const struct instance *i)
{
	return i->admin_path;
}

const char *instance_events_path(const struct instance *i)
{
	return i->events_path;
}

/* Whether the file holds just that text. */
static bool holds(const char *path, const char *text)
{
	char *old;
	size_t len;
	bool same;

	if (fd_read_file(path, strlen(text), &old, &len) < 0)
		return false;
	same = len == strlen(text) && memcmp(old, text, len) == 0;
	free(old);
	return same;
}

/* Each image says the same: a new file, which some file systems take milliseconds for, is made when it does not. */
int instance_write_info(struct instance *i, json_t *info)
{
	char path[PATH_MAX];
	char *text = json_dumps(info, JSON_INDENT(2));
	char *whole = text ? str_printf("%s\n", text) : NULL;
	int err = whole ? path_join(path, sizeof(path), i->dir, "info.json") : -ENOMEM;

	if (!err && !holds(path, whole))
		err = fd_replace_file(path, whole, strlen(whole), 0600);
	free(whole);
	free(text);
	return err;
}

json_t *instance_save(const struct instance *i, struct handoff_fds *fds)
{
	struct stat st = {0};

	if (i->lock_fd >= 0 && (fstat(i->lock_fd, &st) < 0 || handoff_fds_add(fds, i->lock_fd) < 0))
		return NULL;
	return json_pack("{s:s, s:s?, s:s?, s:i, s:I, s:I}", "dir", i->dir, "admin", i->admin_path,
			 "events", i->events_path, "lock_fd", i->lock_fd, "lock_dev",
			 (json_int_t)st.st_dev, "lock_ino", (json_int_t)st.st_ino);
}

/* The descriptor named in `state`, if it is the lock file. The lock came with it. */
static int claim_lock(const json_t *state, struct handoff_fds *fds)
{
	int fd = -1;
	json_int_t dev = 0, ino = 0;
	struct stat st;

	if (json_unpack((json_t *)state, "{s:i, s:I, s:I}", "lock_fd", &fd, "lock_dev", &dev,
			"lock_ino", &ino) < 0 ||
	    fstat(fd, &st) < 0 || st.st_dev != (dev_t)dev || st.st_ino != (ino_t)ino ||
	    handoff_fds_claim(fds, fd) < 0)
		return -1;
	return fd;
}

static int copy_string(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int restore_places(struct instance *i, const json_t *state)
{
	const char *dir = NULL;
	json_t *admin = NULL, *events = NULL;

	if (json_unpack((json_t *)state, "{s:s, s?o, s?o}", "dir", &dir, "admin", &admin, "events",
			&events) < 0)
		return -EBADMSG;

	int err = copy_string(&i->dir, dir);

	if (!err)
		err = copy_string(&i->admin_path, json_string_value(admin));
	if (!err)
		err = copy_string(&i->events_path, json_string_value(events));
	return err;
}

/* It was lost on the way. Only another daemon that has it ends us. */
static int lock_anew(struct instance *i)
{
	struct config_error e;
	int err = make_dir(i->dir, &e) == 0 ? take_lock(i, &e) : 0;

	return err == -EWOULDBLOCK ? err : 0;
}

int instance_restore(struct instance **i, const struct config *c, const json_t *state,
		     struct handoff_fds *fds)
{
	struct instance *new = instance_alloc();
	struct config_error e;
	int err = new ? restore_places(new, state) : -ENOMEM;

	/* State that cannot be read: the places are those that a first boot would choose. */
	if (err == -EBADMSG) {
		err = find_dir(new, c, &e);
		if (!err)
			err = place_sockets(new, c, &e);
	}
	if (!err) {
		new->lock_fd = claim_lock(state, fds);
		if (new->lock_fd < 0)
			err = lock_anew(new);
	}
	if (err) {
		instance_free(new);
		return err;
	}
	*i = new;
	return 0;
}
