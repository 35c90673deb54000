/* The table of the application's descriptors. */
#include "daemon/asgi/watch.h"

#include "common/attr.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TABLE_MIN 16

struct watch {
	ev_io io;
	struct watches *table;
	PyObject *key; /* owned: selectors.SelectorKey */
};

static void watch_cb(struct ev_loop *loop BB_UNUSED, ev_io *io, int revents)
{
	struct watch *w = container_of(io, struct watch, io);
	int events = revents & EV_ERROR ? io->events : revents;

	w->table->ready(w->table->owner, w->key, events & (EV_READ | EV_WRITE));
}

static struct watch *watches_find(const struct watches *ws, int fd)
{
	return fd >= 0 && (size_t)fd < ws->size ? ws->by_fd[fd] : NULL;
}

static int watches_grow(struct watches *ws, int fd)
{
	size_t size = ws->size ? ws->size : TABLE_MIN;
	struct watch **grown;

	while (size <= (size_t)fd)
		size *= 2;
	if (size == ws->size)
		return 0;
	grown = realloc(ws->by_fd, size * sizeof(struct watch *));
	if (!grown)
		return -1;
	memset(grown + ws->size, 0, (size - ws->size) * sizeof(struct watch *));
	ws->by_fd = grown;
	ws->size = size;
	return 0;
}

/* epoll refuses files that are always ready, and so must we: libev would report them for ever. */
static int check_pollable(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? -EPERM : 0;
}

static struct watch *watches_add(struct watches *ws, int fd)
{
	int err = check_pollable(fd);
	struct watch *w;

	if (err) {
		py_raise_errno(err);
		return NULL;
	}
	w = malloc(sizeof(*w));
	if (!w || watches_grow(ws, fd) < 0) {
		free(w);
		PyErr_NoMemory();
		return NULL;
	}
	*w = (struct watch){.table = ws};
	ev_io_init(&w->io, watch_cb, fd, 0);
	ws->by_fd[fd] = w;
	return w;
}

int watches_set(struct watches *ws, int fd, int events, PyObject *key)
{
	struct watch *w = watches_find(ws, fd);

	if (!w)
		w = watches_add(ws, fd);
	if (!w)
		return -1;
	ev_io_stop(ws->loop, &w->io);
	ev_io_modify(&w->io, events & (EV_READ | EV_WRITE));
	ev_io_start(ws->loop, &w->io);
	py_set(&w->key, py_ref(key));
	return 0;
}

void watches_remove(struct watches *ws, int fd)
{
	struct watch *w = watches_find(ws, fd);
	PyObject *key;

	if (!w)
		return;
	ev_io_stop(ws->loop, &w->io);
	ws->by_fd[fd] = NULL;
	key = w->key;
	free(w);
	/* Last: it may run code that comes back to the table. */
	Py_DECREF(key);
}

void watches_finish(struct watches *ws)
{
	for (size_t fd = 0; fd < ws->size; fd++)
		watches_remove(ws, (int)fd);
	free(ws->by_fd);
	ws->by_fd = NULL;
	ws->size = 0;
}

int watches_traverse(const struct watches *ws, visitproc visit, void *arg)
{
	for (size_t fd = 0; fd < ws->size; fd++)
		if (ws->by_fd[fd])
			Py_VISIT(ws->by_fd[fd]->key);
	return 0;
}
