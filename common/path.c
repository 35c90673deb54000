/* Where instances live, and path arithmetic that asks no file system. */
#include "common/path.h"

#include "common/fd.h"
#include "common/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCE_NAME_MAX 32 /* with it a socket's path stays below the 108 bytes of sun_path */

static int print_path(char *out, size_t size, const char *fmt, ...) BB_PRINTF(3, 4);

static int print_path(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* $XDG_RUNTIME_DIR, unless it is somebody else's (sudo -E) or gone (su, containers). */
static const char *xdg_runtime_dir(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!dir || dir[0] != '/' || stat(dir, &st) < 0)
		return NULL;
	return S_ISDIR(st.st_mode) && st.st_uid == geteuid() ? dir : NULL;
}

/* In /tmp anybody may have made it before us, with anything inside. */
static int check_private_dir(const char *dir)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return -EPERM;
	return 0;
}

int path_runtime_dir(char *out, size_t size, bool create)
{
	char dir[PATH_MAX];
	const char *xdg = xdg_runtime_dir();
	int err = xdg ? print_path(dir, sizeof(dir), "%s/blackbulld", xdg)
		      : print_path(dir, sizeof(dir), "/tmp/blackbulld-%u", (unsigned)geteuid());

	if (err)
		return err;
	if (create && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	err = check_private_dir(dir);
	return err ? err : str_copy(out, size, dir);
}

/* One component, visible, of characters that no shell or unit file minds. */
static bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > INSTANCE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-@", *p))
			return false;
	return true;
}

/* FNV-1a, 64 bits (RFC 9923); the terminating NUL is part, so that "a","b" differs from "ab","". */
static uint64_t hash_string(uint64_t hash, const char *s)
{
	do {
		hash ^= (unsigned char)*s;
		hash *= 0x100000001b3u;
	} while (*s++);
	return hash;
}

int path_instance_id(char *out, size_t size, const char *name, const char *cwd, const char *target)
{
	if (name)
		return name_valid(name) ? str_copy(out, size, name) : -EINVAL;

	uint64_t hash = hash_string(0xcbf29ce484222325u, cwd);

	/* No target is not the same as an empty one. */
	if (target)
		hash = hash_string(hash, target);
	return print_path(out, size, "%016" PRIx64, hash);
}

int path_join(char *out, size_t size, const char *dir, const char *file)
{
	return print_path(out, size, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", file);
}

/* Appends the components of `path` to out[0..*len], which holds "" or "/a/b". */
static int append_components(char *out, size_t size, size_t *len, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (*len > 0 && out[--*len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (*len + 1 + n >= size)
				return -ENAMETOOLONG;
			out[(*len)++] = '/';
			memcpy(out + *len, path, n);
			*len += n;
		}
		path += n;
		path += *path == '/';
	}
	return 0;
}

int path_normalize(char *out, size_t size, const char *cwd, const char *path)
{
	char result[PATH_MAX];
	size_t len = 0;
	int err = path[0] == '/' ? 0 : append_components(result, sizeof(result), &len, cwd);

	if (!err)
		err = append_components(result, sizeof(result), &len, path);
	if (err)
		return err;
	if (len == 0)
		result[len++] = '/';
	result[len] = '\0';
	return str_copy(out, size, result);
}

bool path_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[0] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int path_instance_alive(const char *dir)
{
	char lock[PATH_MAX];
	int err = path_join(lock, sizeof(lock), dir, "lock");

	if (err)
		return err;

	int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;

	int alive = 0;

	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		alive = errno == EWOULDBLOCK ? 1 : -errno;
	fd_close(&fd);
	return alive;
}
