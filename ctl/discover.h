/*
 * Which daemon is meant: the socket that the user names, else the instance whose directory or watched
 * path holds the current directory (the deepest wins), else the only one there is.
 */
#ifndef CTL_DISCOVER_H
#define CTL_DISCOVER_H

#include "common/attr.h"

#include <jansson.h>
#include <stddef.h>

struct instance {
	char *dir;    /* its folder; NULL: not known, only the socket was named */
	char *socket; /* its admin socket */
	json_t *info; /* its info.json; an empty object when there is none */
};

struct instances {
	struct instance *v;
	size_t len;
};

void instance_finish(struct instance *i);

/* All live instances of this user, in the order of their folders' names. Returns 0 or -errno. */
int instances_scan(struct instances *all) BB_NODISCARD;
void instances_finish(struct instances *all);

/* Pure. Returns 0 and *chosen, -ENOENT when there is none, -ENOTUNIQ when several are as good. */
int instances_choose(const struct instances *all, const char *cwd, size_t *chosen) BB_NODISCARD;

/* The instance behind a socket that the user named, absolute and normalized. 0 or -ENOMEM. */
int instance_from_socket(struct instance *i, const char *socket) BB_NODISCARD;

#endif
