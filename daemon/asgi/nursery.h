/*
 * The functions of the module that the nursery is made with (blackbulld/nursery.py): the master's messages, and
 * the birth of a worker.
 *
 *   role() ─► "worker": open() …
 *      └────► "nursery": preload() ─► warm() or spoilt()
 *                        next() ─► refuse(), or bear() ─► in the newborn worker: open() …
 */
#ifndef DAEMON_ASGI_NURSERY_H
#define DAEMON_ASGI_NURSERY_H

#include "daemon/asgi/pyutil.h"

/* For PyModule_AddFunctions(). */
PyMethodDef *nursery_functions(void);
/* The same for what workers do: modules(), retry(), identify(), environment(). */
PyMethodDef *nursery_worker_functions(void);

#endif
