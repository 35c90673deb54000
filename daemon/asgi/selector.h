/*
 * The selector under asyncio: one libev loop that watches the application's descriptors for Python and the
 * server's own for C. `Selector` is its Python type; blackbulld/selector.py makes a selectors.BaseSelector of it.
 *
 *   asyncio  _run_once ─► select(timeout) ─► ev_run ─► epoll_wait        (the GIL is given up here only)
 *                │                             ├─► ready fds  ─► [(key, mask)]
 *                └ runs what became ready ◄────┴─► HTTP in C  ─► tasks are made, select() returns
 *
 * The libev loop is made when it is first needed, never at import: it must not cross a fork.
 */
#ifndef DAEMON_ASGI_SELECTOR_H
#define DAEMON_ASGI_SELECTOR_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"

#include <stdbool.h>

struct ev_loop;
struct selector;

/* The type, under its name in `module`; the caller owns the reference. */
PyTypeObject *selector_type_add(PyObject *module);

/* Makes the loop if there is none yet. Borrowed; NULL with an exception when it cannot be. */
struct ev_loop *selector_loop(struct selector *p);

/* Something was scheduled on the asyncio loop: a select() that is under way is to return. */
void selector_wake(struct selector *p);
/* Takes the pending exception; select() raises it. Outside of select() it is printed. */
void selector_raise(struct selector *p);
/* Whether select() is what called us. */
bool selector_selecting(const struct selector *p);
/* The number of the loop's present turn: what has the same happened together. */
unsigned selector_turn(const struct selector *p);

/*
 * A server runs on the loop, so that it cannot be closed. `idle` is called, with the GIL, before a select() that
 * would block. selector_release() undoes it.
 */
void selector_hold(struct selector *p, void (*idle)(void *owner), void *owner);
void selector_release(struct selector *p);
/* In a forked child, whose epoll set is the parent's: forgets the loop as it is. select() raises from now on. */
void selector_abandon(struct selector *p);

#endif
