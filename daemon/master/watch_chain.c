/* The way to a root, component by component, and the way up from it. */
#include "daemon/master/watch_chain.h"

#include "common/path.h"
#include "common/str.h"
#include "daemon/master/watch_anchor.h"
#include "daemon/master/watch_git.h"
#include "daemon/master/watch_scan.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* path_resolution(7) */

/* Where we are on the way. */
struct walk {
	struct watch *w;
	const struct watch_root *root;
	bool waiting;	     /* something is missing: every directory may bring it back */
	int refused;	     /* the first error that says that there are no watches left */
	int links;	     /* followed */
	char here[PATH_MAX]; /* "" for "/"; no symbolic links */
	char rest[PATH_MAX]; /* what is still to be walked */
};

/* Cuts the first component off the rest. Returns false when there is none. */
static bool take_component(struct walk *k, char name[NAME_MAX + 1])
{
	size_t skip = strspn(k->rest, "/"), len = strcspn(k->rest + skip, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, k->rest + skip, len);
	name[len] = '\0';
	memmove(k->rest, k->rest + skip + len, strlen(k->rest + skip + len) + 1);
	return true;
}

static bool is_last(const struct walk *k)
{
	return k->rest[strspn(k->rest, "/")] == '\0';
}

static void anchor(struct walk *k, uint32_t mask, enum watch_anchor_kind kind, const char *name)
{
	const char *dir = *k->here ? k->here : "/";
	int err = watch_anchor_add(k->w, dir, mask, kind, k->root->id, name);

	/* A directory that may not be read or is just gone is no reason to poll. */
	if (err && err != -EACCES && err != -ENOENT && err != -ENOTDIR && !k->refused)
		k->refused = err;
}

enum step { STEP_DIR, STEP_LINK, STEP_FILE, STEP_MISSING };

static enum step look(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return STEP_MISSING;
	if (S_ISLNK(st.st_mode))
		return STEP_LINK;
	return S_ISDIR(st.st_mode) ? STEP_DIR : STEP_FILE;
}

static void anchor_step(struct walk *k, enum step step, const char *name)
{
	bool last = is_last(k);

	if (last && step != STEP_DIR)
		anchor(k, WATCH_MASK_FILES, ANCHOR_FILE, name);
	else if (last || step != STEP_DIR || k->waiting)
		anchor(k, WATCH_MASK_NAMES, ANCHOR_STEP, name);
	else
		anchor(k, WATCH_MASK_SELF, ANCHOR_SELF, NULL);
}

/* Watches the directory for the name, then looks; if it looks otherwise than before, watches for that. */
static enum step watch_and_look(struct walk *k, const char *path, const char *name)
{
	enum step step = look(path), again;

	for (int tries = 0;; tries++) {
		anchor_step(k, step, name);
		again = look(path);
		if (again == step || tries == 3)
			return again;
		step = again;
	}
}

/* Goes on with what a link holds. */
static int follow(struct walk *k, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	if (++k->links > LINKS_MAX)
		return -ELOOP;
	target[n] = '\0';
	if (target[0] == '/')
		k->here[0] = '\0';
	if (path_join(rest, sizeof(rest), target, k->rest))
		return -ENAMETOOLONG;
	memcpy(k->rest, rest, sizeof(rest));
	return 0;
}

static void go_up(struct walk *k)
{
	char *slash = strrchr(k->here, '/');

	if (slash)
		*slash = '\0';
}

/* Returns whether the whole way is there. */
static bool walk(struct walk *k)
{
	char name[NAME_MAX + 1], path[PATH_MAX];

	k->here[0] = '\0';
	k->links = 0;
	if (str_copy(k->rest, sizeof(k->rest), k->root->path))
		return false;
	while (take_component(k, name)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			go_up(k);
			continue;
		}
		if (path_join(path, sizeof(path), k->here, name))
			return false;
		switch (watch_and_look(k, path, name)) {
		case STEP_MISSING:
			return false;
		case STEP_LINK:
			if (follow(k, path))
				return false;
			break;
		case STEP_FILE:
			return is_last(k);
		case STEP_DIR:
			memcpy(k->here, path, sizeof(path));
			break;
		}
	}
	return true;
}

int watch_chain_anchor(struct watch *w, const struct watch_root *r)
{
	struct walk k = {.w = w, .root = r};

	if (w->kernel.fd < 0)
		return -EMFILE;
	if (!walk(&k)) {
		k.waiting = true;
		walk(&k);
	}
	return k.refused;
}

static bool has_git(const char *dir)
{
	char path[PATH_MAX];

	return path_join(path, sizeof(path), dir, ".git") == 0 && access(path, F_OK) == 0;
}

/* Cuts the last component off. Returns false at "/". */
static bool to_parent(char *dir)
{
	char *slash = strrchr(dir, '/');

	if (slash == dir && dir[1] == '\0')
		return false;
	slash[slash == dir] = '\0';
	return true;
}

int watch_chain_rules(struct watch *w, const struct watch_root *r, struct mono now)
{
	char dir[PATH_MAX], top[PATH_MAX];
	int err = 0;

	if (str_copy(top, sizeof(top), r->path) || has_git(top))
		return 0;
	do {
		if (!to_parent(top))
			return 0;
	} while (!has_git(top));

	watch_git_add(w, top, WATCH_NONE, now);
	if (str_copy(dir, sizeof(dir), r->path))
		return 0;
	while (strcmp(dir, top) != 0 && to_parent(dir)) {
		int e = watch_anchor_add(w, dir, WATCH_MASK_FILES, ANCHOR_RULES, r->id,
					 ".gitignore");

		if (e && e != -EACCES)
			err = e;
		watch_scan_load_rules(w, dir);
	}
	return err;
}
