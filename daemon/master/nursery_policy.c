/* When there is to be a nursery, and why there is none. */
#include "daemon/master/nursery_policy.h"

#include <stdio.h>

#define TRIES_MAX   6 /* then nothing of the application's is imported ahead */
#define MISHAPS_MAX 5

const char *nursery_state_name(enum nursery_state s)
{
	switch (s) {
	case NURSERY_OFF:
		return "off";
	case NURSERY_COLD:
		return "cold";
	case NURSERY_WARMING:
		return "warming";
	case NURSERY_WARM:
		return "warm";
	}
	return "?";
}

void nursery_policy_init(struct nursery_policy *p)
{
	*p = (struct nursery_policy){.state = NURSERY_OFF};
}

/* What the state is when there is no process. */
static enum nursery_state resting(const struct nursery_policy *p)
{
	return p->possible && !p->forbidden && !p->over ? NURSERY_COLD : NURSERY_OFF;
}

/* It did not become warm. */
static void count_try(struct nursery_policy *p)
{
	p->tries++;
	if (p->tries < TRIES_MAX)
		return;
	/* With nothing to import, it is ourselves who cannot live here. */
	p->over |= p->bare;
	p->bare = true;
	p->tries = TRIES_MAX - 2;
}

static void count_mishap(struct nursery_policy *p)
{
	if (++p->mishaps >= MISHAPS_MAX)
		p->over = true;
}

static void apply(struct nursery_policy *p, enum nursery_event event)
{
	switch (event) {
	case NURSERY_EV_POSSIBLE:
	case NURSERY_EV_IMPOSSIBLE:
		p->possible = event == NURSERY_EV_POSSIBLE;
		break;
	case NURSERY_EV_FORGOTTEN:
		p->state = NURSERY_COLD;
		p->known = p->forbidden = p->bare = p->suspected = false;
		p->tries = 0;
		break;
	case NURSERY_EV_FORBIDDEN:
		p->forbidden = true;
		break;
	case NURSERY_EV_LEARNT:
		p->forbidden = false;
		p->known = true;
		p->outdated = true;
		p->bare = false;
		p->tries = 0;
		break;
	case NURSERY_EV_BUSY:
	case NURSERY_EV_IDLE:
		p->busy = event == NURSERY_EV_BUSY;
		break;
	case NURSERY_EV_STARTED:
		p->state = NURSERY_WARMING;
		p->outdated = false;
		break;
	case NURSERY_EV_WARM:
		p->state = NURSERY_WARM;
		p->tries = 0;
		break;
	case NURSERY_EV_SPOILT:
		p->state = NURSERY_COLD;
		count_try(p);
		break;
	case NURSERY_EV_DIED:
		if (p->state == NURSERY_WARMING)
			count_try(p);
		else
			count_mishap(p);
		p->state = NURSERY_COLD;
		break;
	case NURSERY_EV_REFUSED:
		p->state = NURSERY_COLD;
		p->suspected = false;
		count_mishap(p);
		break;
	case NURSERY_EV_SERVED:
		p->mishaps = 0;
		break;
	case NURSERY_EV_SUSPECT:
		p->suspected = true;
		break;
	case NURSERY_EV_ACQUIT:
		p->suspected = false;
		break;
	case NURSERY_EV_CONVICT:
		p->suspected = false;
		p->over = true;
		break;
	}
}

void nursery_policy_apply(struct nursery_policy *p, enum nursery_event event, const char *why)
{
	enum nursery_state rest;

	apply(p, event);
	rest = resting(p);
	if (rest == NURSERY_OFF || p->state == NURSERY_OFF)
		p->state = rest;
	if (why)
		snprintf(p->reason, sizeof(p->reason), "%s", why);
}

bool nursery_policy_keeps(const struct nursery_policy *p)
{
	return (p->state == NURSERY_WARMING || p->state == NURSERY_WARM) &&
	       (!p->outdated || p->busy);
}

bool nursery_policy_starts(const struct nursery_policy *p)
{
	return resting(p) == NURSERY_COLD && p->known && !p->busy && !p->suspected;
}

bool nursery_policy_bears(const struct nursery_policy *p)
{
	return p->state == NURSERY_WARM && !p->suspected;
}
