/* Idle connections on their way from an old worker to a new one. */
#include "daemon/master/cohort.h"
#include "daemon/master/parked.h"

#include <errno.h>
#include <unistd.h>

/* Only of a whole generation: the first to be ready would get them all, to its last descriptor. */
static bool takes_connections(const struct supervisor *s, const struct proc *p)
{
	const struct cohort *c = cohort_find(s, p->generation);

	return p->state == PROC_READY && p->channel >= 0 && (!c || c->ready || c->failed);
}

/* The worker that takes the next connection: of the newest generation that can, each in turn. */
static struct proc *pick(struct supervisor *s, const struct proc *from)
{
	uint64_t newest = 0, index = 0, count = 0;

	list_for_each(p, &s->procs, struct proc, link) {
		if (p == from || !takes_connections(s, p))
			continue;
		if (p->generation > newest) {
			newest = p->generation;
			count = 0;
		}
		count += p->generation == newest;
	}
	if (count == 0)
		return NULL;
	index = s->turn++ % count;
	list_for_each(p, &s->procs, struct proc, link) {
		if (p == from || p->generation != newest || !takes_connections(s, p))
			continue;
		if (index-- == 0)
			return p;
	}
	return NULL;
}

void supervisor_flush_parked(struct supervisor *s)
{
	list_for_each(c, &s->parked, struct parked, link) {
		struct proc *to = pick(s, NULL);
		int rc = to ? channel_send(to->channel, CHANNEL_CONN, c->record, c->len, c->fd) : 0;

		if (!to)
			return;
		if (rc == -EAGAIN) {
			proc_await_writable(to);
			return;
		}
		/* Sent, the descriptor is the worker's. Refused, its exit will tell: keep it for the next one. */
		if (rc == 0)
			parked_destroy(c);
	}
}

void supervisor_route(struct supervisor *s, const struct proc *from, int fd, const void *record,
		      size_t len)
{
	struct proc *to = list_empty(&s->parked) ? pick(s, from) : NULL;

	if (to && channel_send(to->channel, CHANNEL_CONN, record, len, fd) == 0) {
		close(fd);
		return;
	}
	if (to)
		proc_await_writable(to);
	(void)parked_add(&s->parked, fd, record, len);
}

void supervisor_adopt(struct supervisor *s, int fd, const void *record, size_t len)
{
	supervisor_route(s, NULL, fd, record, len);
}
