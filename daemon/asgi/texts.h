/* The texts of the nursery's messages (daemon/ipc/nursery_message.h) as Python's strings, encoded as file names are. */
#ifndef DAEMON_ASGI_TEXTS_H
#define DAEMON_ASGI_TEXTS_H

#include "daemon/asgi/pyutil.h"

#include "common/attr.h"
#include "common/buf.h"

/* Each returns 0, or -1 with an exception. */
int texts_add_str(struct buf *texts, PyObject *str) BB_NODISCARD;
int texts_add_list(struct buf *texts, PyObject *list) BB_NODISCARD;
/* Appends every text to the list. */
int texts_to_list(const void *texts, size_t len, PyObject *list) BB_NODISCARD;

#endif
