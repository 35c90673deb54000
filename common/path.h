/* Where instances live, and path arithmetic that asks no file system. */
#ifndef COMMON_PATH_H
#define COMMON_PATH_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The folder that holds every instance of this user: $XDG_RUNTIME_DIR/blackbulld, else (unset,
 * missing, or somebody else's) /tmp/blackbulld-UID. With `create` it is made with mode 0700. It is refused (-EPERM) unless it
 * is a real directory, owned by us and closed to others. Returns 0 or -errno.
 */
int path_runtime_dir(char *out, size_t size, bool create) BB_NODISCARD;

/*
 * The folder name of an instance: NAME if given (at most 32 letters, digits, "._-@", not beginning
 * with "." or "-"; else -EINVAL), else 16 hex digits over cwd and target (NULL = none).
 */
int path_instance_id(char *out, size_t size, const char *name, const char *cwd,
		     const char *target) BB_NODISCARD;

/* dir "/" file. Returns 0 or -ENAMETOOLONG. */
int path_join(char *out, size_t size, const char *dir, const char *file) BB_NODISCARD;
/* Absolute and without "//", "/./" and "/../", by text alone. `cwd` is absolute. */
int path_normalize(char *out, size_t size, const char *cwd, const char *path) BB_NODISCARD;
/* Whether path is dir or below it; both normalized. */
bool path_within(const char *path, const char *dir);
const char *path_basename(const char *path);

/*
 * Whether somebody holds the flock(2) on dir/lock: the instance is alive. Returns 1 alive, 0 not,
 * -errno. Never blocks, never creates. It looks by holding a shared lock for an instant: whoever
 * wants to own the instance tries a few times before he believes that another one does.
 */
int path_instance_alive(const char *dir) BB_NODISCARD;

#endif
