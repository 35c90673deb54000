/* Admin connections across execve(2). */
#include "common/fd.h"
#include "daemon/master/admin_conn.h"

#include <errno.h>

json_t *admin_conn_save(const struct admin_conn *c, struct buf *bytes)
{
	size_t at = buf_len(bytes), unread = buf_len(&c->in) - c->taken;
	size_t unsent = buf_len(&c->out);

	if ((unread && buf_add(bytes, buf_data(&c->in) + c->taken, unread) < 0) ||
	    (unsent && buf_add(bytes, buf_data(&c->out), unsent) < 0))
		return NULL;
	return json_pack("{s:I, s:i, s:b, s:I, s:I, s:I, s:I}", "conn", (json_int_t)c->number,
			 "proto", (int)c->self, "greeted", (int)c->greeted, "bytes", (json_int_t)at,
			 "unread", (json_int_t)unread, "unsent", (json_int_t)unsent, "event",
			 (json_int_t)c->event);
}

/* Appends `len` bytes of the saved ones, from `at` on. Returns 0, -EBADMSG, -ENOBUFS or -ENOMEM. */
static int take_bytes(const struct reader *saved, json_int_t at, json_int_t len, struct buf *b)
{
	struct reader r = *saved;
	const void *before, *data;

	if (at < 0 || len < 0 || reader_bytes(&r, &before, (size_t)at) < 0 ||
	    reader_bytes(&r, &data, (size_t)len) < 0)
		return -EBADMSG;
	return len ? buf_add(b, data, (size_t)len) : 0;
}

/* What was not read and not sent yet. Returns 0 or -errno. */
static int restore_bytes(struct admin_conn *c, const json_t *state, const struct reader *bytes)
{
	json_int_t at = json_integer_value(json_object_get(state, "bytes"));
	json_int_t unread = json_integer_value(json_object_get(state, "unread"));
	json_int_t unsent = json_integer_value(json_object_get(state, "unsent"));
	int err = take_bytes(bytes, at, unread, &c->in);

	return err ? err : take_bytes(bytes, at + unread, unsent, &c->out);
}

bool admin_conn_restore(struct admin_conns *s, int fd, const json_t *state,
			const struct reader *bytes)
{
	json_int_t number = 0, event = 0;
	int proto = 0, greeted = 0;
	struct admin_conn *c = NULL;

	if (json_unpack((json_t *)state, "{s:I, s:i, s:b, s?I}", "conn", &number, "proto", &proto,
			"greeted", &greeted, "event", &event) == 0 &&
	    number > 0 && (proto == SP_REP || proto == SP_PUB))
		c = admin_conn_create(s, fd, (enum sp_proto)proto, (uint64_t)number);
	else
		fd_close(&fd);
	if (!c)
		return false;
	if (restore_bytes(c, state, bytes) < 0) {
		admin_conn_destroy(c);
		return false;
	}
	c->greeted = greeted;
	if (event > 0 && (uint64_t)event < c->event)
		c->event = (uint64_t)event;
	if (c->number >= s->next_number)
		s->next_number = c->number + 1;
	admin_conn_start(c);
	admin_conn_flush(c);
	return true;
}
