/*
 * What a nursery is to import: steps that workers told of (daemon/ipc/nursery_message.h), and what is to be left out.
 * Pure.
 */
#ifndef DAEMON_MASTER_NURSERY_LIST_H
#define DAEMON_MASTER_NURSERY_LIST_H

#include "common/attr.h"
#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nursery_list {
	struct buf whole; /* texts: all that a cold start imported */
	struct buf
		more; /* texts: what workers imported besides, in the order in which we heard of it */
	struct buf excluded; /* texts: steps that say what spoilt a nursery */
	struct buf incoming; /* of a MODULES that comes in several messages */
	uint64_t sender;     /* generation that `incoming` comes from */
	bool known;	     /* a cold start has told */
};

void nursery_list_init(struct nursery_list *l);
void nursery_list_finish(struct nursery_list *l);

enum nursery_news {
	NEWS_NONE,	/* nothing that was not known, or not all of it yet */
	NEWS_STEPS,	/* there is something else to import */
	NEWS_FORBIDDEN, /* there must be no nursery; `why` says so */
};

/*
 * Takes the body of a MODULES message from a worker of `generation`. `why` is written for NEWS_FORBIDDEN only. Returns
 * enum nursery_news, -EBADMSG or -ENOMEM.
 */
int nursery_list_learn(struct nursery_list *l, uint64_t generation, const void *body, size_t len,
		       char *why, size_t size) BB_NODISCARD;
/* Leaves a module out, and whatever imports it. Returns 0 or -ENOMEM. */
int nursery_list_exclude(struct nursery_list *l, const char *name, size_t len) BB_NODISCARD;
/* Appends the texts of PRELOAD; `bare`: without anything to import. Returns 0 or -ENOMEM. */
int nursery_list_compose(const struct nursery_list *l, bool bare, struct buf *out) BB_NODISCARD;

#endif
