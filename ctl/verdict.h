/* What reload, wait and sync have in common: a generation is awaited, and its verdict printed. */
#ifndef CTL_VERDICT_H
#define CTL_VERDICT_H

#include "ctl/ctl.h"

/* Takes `args`. `id` is the request's own, by which it can be asked about again after a time-out. */
enum ctl_exit verdict_await(struct ctl *c, const char *op, const char *id, json_t *args);

#endif
