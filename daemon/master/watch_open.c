/* Opening a node's directory and making sure that it is the node's. */
#include "daemon/master/watch_open.h"

#include "common/fd.h"
#include "daemon/master/watch_nodes.h"
#include "daemon/master/watch_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)

static bool is_top(const struct watch_node *n)
{
	return n->parent == WATCH_NONE;
}

/* The path to a root may have symbolic links, the way from there must not. */
static int open_at(int dirfd, const char *path, const struct watch_node *n, struct stat *st)
{
	int fd = openat(dirfd, path, OPEN_FLAGS | (is_top(n) ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0) {
		int err = -errno;

		fd_close(&fd);
		return err;
	}
	return fd;
}

static bool is_same(const struct watch_node *n, const struct stat *st)
{
	return n->ino == st->st_ino && n->dev == watch_dev(st->st_dev);
}

int watch_open_in_parent(struct watch *w, uint32_t id)
{
	struct watch_node *n = watch_node(&w->tree, id);
	const struct watch_node *parent = watch_node(&w->tree, n->parent);
	struct watch_path path;
	struct stat st;
	int err = watch_tree_path(&w->tree, n->parent, &path);
	int dir = err ? err : open_at(AT_FDCWD, path.text, parent, &st);

	if (dir < 0)
		return dir;
	if (!is_same(parent, &st)) {
		fd_close(&dir);
		return -ESTALE;
	}

	int fd = open_at(dir, watch_tree_name(&w->tree, id), n, &st);

	fd_close(&dir);
	if (fd >= 0) {
		n->ino = st.st_ino;
		n->dev = watch_dev(st.st_dev);
	}
	return fd;
}

bool watch_open_is_guess(const struct watch *w, uint32_t id)
{
	const struct watch_node *n = watch_node(&w->tree, id);

	return !(n->flags & NODE_LISTED) && !is_top(n);
}

int watch_open_node(struct watch *w, uint32_t id, struct watch_path *path)
{
	struct watch_node *n = watch_node(&w->tree, id);
	struct stat st;
	int err = watch_tree_path(&w->tree, id, path);

	if (err)
		return err;
	if (n->ino != 0) {
		int fd = open_at(AT_FDCWD, path->text, n, &st);

		if (fd < 0 || is_same(n, &st))
			return fd;
		fd_close(&fd);
		if (!watch_open_is_guess(w, id))
			return -ESTALE;
	}
	return watch_open_in_parent(w, id);
}

void watch_open_failed(struct watch *w, uint32_t id, int err)
{
	struct watch_node *n = watch_node(&w->tree, id);
	uint32_t parent = n->parent;

	if (err == -EMFILE || err == -ENFILE || err == -ENOMEM) {
		watch_poll_node(w, id, NODE_REFUSED);
		return;
	}
	if (is_top(n)) {
		if (!(n->flags & NODE_LIMBO))
			watch_root_node_suspect(w, id);
		return;
	}
	if (n->flags & NODE_LISTED) {
		/* Without permission its watch still works; else the parent knows what became of it. */
		if (err != -EACCES && err != -EPERM && err != -ENAMETOOLONG)
			watch_queue_node(w, parent, 0);
		return;
	}
	watch_drop(w, id); /* a later event will tell, or the parent's next listing */
	if (err == -ESTALE)
		watch_queue_node(w, parent, 0);
}
