/*
 * When there is to be a nursery, and why there is none. Pure: events in, two questions answered.
 *
 *           idle, and it is known what to import          WARM
 *   cold ──────────────────────────────────────► warming ─────► warm
 *     ▲                                             │             │
 *     └──── spoilt, died, refused, outdated ────────┴─────────────┘      off: not here, or not any more
 */
#ifndef DAEMON_MASTER_NURSERY_POLICY_H
#define DAEMON_MASTER_NURSERY_POLICY_H

#include <stdbool.h>

enum nursery_state { NURSERY_OFF, NURSERY_COLD, NURSERY_WARMING, NURSERY_WARM };

const char *nursery_state_name(enum nursery_state s); /* as in the JSON */

enum nursery_event {
	NURSERY_EV_POSSIBLE,   /* the configuration allows for one */
	NURSERY_EV_IMPOSSIBLE, /* it does not */
	NURSERY_EV_FORGOTTEN,  /* what to import is not known any more */
	NURSERY_EV_FORBIDDEN,  /* the application imports what must not be imported ahead */
	NURSERY_EV_LEARNT,     /* what to import is known, or differs from what was */
	NURSERY_EV_BUSY,       /* a generation boots: nothing else is to run now */
	NURSERY_EV_IDLE,       /* it serves or has failed */
	NURSERY_EV_STARTED,
	NURSERY_EV_WARM,
	NURSERY_EV_SPOILT, /* a module spoilt it, and is left out from now on */
	NURSERY_EV_DIED,   /* for no reason that it gave, or took too long */
	NURSERY_EV_REFUSED, /* it is out of date, or was of no use to a worker that then served without */
	NURSERY_EV_SERVED,  /* a worker that was born in it serves */
	NURSERY_EV_SUSPECT, /* one failed, maybe because of it: it is tried again without */
	NURSERY_EV_ACQUIT,  /* that failed too, or nobody knows */
	NURSERY_EV_CONVICT, /* without it all went well */
};

struct nursery_policy {
	enum nursery_state state;
	bool possible;
	bool forbidden;
	bool over;     /* for this session */
	bool known;    /* what to import is */
	bool outdated; /* the process imported something else */
	bool bare; /* nothing of the application's is imported any more: it was spoilt too often */
	bool busy;
	bool suspected;
	int tries;	  /* in a row that did not become warm */
	int mishaps;	  /* in a row without a worker that served */
	char reason[256]; /* of the state, or "" */
};

void nursery_policy_init(struct nursery_policy *p);
/* `why` is for people; NULL leaves the reason as it is. */
void nursery_policy_apply(struct nursery_policy *p, enum nursery_event event, const char *why);
/* Whether a process that there is may stay. */
bool nursery_policy_keeps(const struct nursery_policy *p);
/* Whether one is to be started, if there is none. */
bool nursery_policy_starts(const struct nursery_policy *p);
/* Whether workers may be born in it. */
bool nursery_policy_bears(const struct nursery_policy *p);

#endif
