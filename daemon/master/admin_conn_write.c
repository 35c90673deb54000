/* What admin connections are sent: answers from their queues, events from the ring. */
#include "daemon/master/admin_conn.h"
#include "daemon/master/ring.h"

#include <errno.h>
#include <sys/socket.h>

#define QUEUE_HIGH   (256 * 1024) /* unread answers: beyond it no more requests are taken */
#define EVENTS_AHEAD (16 * 1024)  /* of events that one call writes */

bool admin_conn_reads_answers(const struct admin_conn *c)
{
	return buf_len(&c->out) < QUEUE_HIGH;
}

/* What was read before is looked at from the loop. */
void admin_conn_arm(struct admin_conn *c)
{
	struct ev_loop *loop = c->set->loop;

	if (buf_len(&c->out) > 0)
		ev_io_start(loop, &c->writer);
	else
		ev_io_stop(loop, &c->writer);
	if (!admin_conn_reads_answers(c)) {
		ev_io_stop(loop, &c->reader);
	} else if (!ev_is_active(&c->reader)) {
		ev_io_start(loop, &c->reader);
		ev_feed_event(loop, &c->reader, EV_READ);
	}
}

/* Queues events that it has not seen, as many as one call writes. Returns 0 or -errno. */
static int queue_events(struct admin_conn *c)
{
	const struct ring *events = c->set->events;
	int err = 0;

	if (c->event < ring_first(events))
		c->event = ring_first(events);
	while (!err && buf_len(&c->out) < EVENTS_AHEAD && c->event <= ring_last(events)) {
		size_t len;
		const char *line = ring_at(events, c->event, &len);

		err = sp_message_add(&c->out, c->self, 0, line, len);
		c->event++;
	}
	return err;
}

/* Whether there is something to write; without memory for events there is not. */
static bool has_output(struct admin_conn *c)
{
	if (c->self == SP_PUB && c->greeted && buf_len(&c->out) == 0 && queue_events(c) < 0)
		return false;
	return buf_len(&c->out) > 0;
}

void admin_conn_flush(struct admin_conn *c)
{
	while (!c->dead && has_output(c)) {
		ssize_t n = send(c->fd, buf_data(&c->out), buf_len(&c->out),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			admin_conn_drop(c);
			return;
		}
		buf_consume(&c->out, (size_t)n);
	}
	if (c->dead)
		return;
	if (buf_len(&c->out) == 0)
		buf_trim(&c->out);
	admin_conn_arm(c);
}

void admin_conn_reply(struct admin_conn *c, uint32_t id, const char *body, size_t len)
{
	struct admin_conns *set = c->set;
	bool fits = buf_len(&c->out) == 0 || buf_len(&c->out) + len <= ADMIN_REP_QUEUE;

	if (c->dead)
		return;
	if (!fits || sp_message_add(&c->out, c->self, id, body, len) < 0)
		admin_conn_drop(c);
	else
		admin_conn_flush(c);
	admin_conns_check_held(set);
}
