/* The admin sockets: two listeners, one set of connections, and both across execve(2). */
#include "daemon/master/admin.h"

#include "common/fd.h"
#include "common/log.h"
#include "daemon/master/admin_conn.h"
#include "daemon/master/admin_listener.h"
#include "daemon/master/handoff.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct admin {
	struct admin_listener rep;
	struct admin_listener pub;
	struct admin_conns conns;
};

static void accept_rep(void *owner, int fd)
{
	struct admin *a = owner;

	admin_conns_adopt(&a->conns, fd, SP_REP);
}

static void accept_pub(void *owner, int fd)
{
	struct admin *a = owner;

	admin_conns_adopt(&a->conns, fd, SP_PUB);
}

static void conn_closed(void *arg)
{
	struct admin *a = arg;

	admin_listener_retry(&a->rep);
	admin_listener_retry(&a->pub);
}

/* Everything but the sockets. NULL when memory runs out. */
static struct admin *admin_alloc(struct ev_loop *loop, const char *rep_path, const char *pub_path,
				 const struct ring *events, admin_request_fn *request, void *owner)
{
	struct admin *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	admin_conns_init(&a->conns, loop, events, request, owner);
	a->conns.closed = conn_closed;
	a->conns.closed_arg = a;
	if (admin_listener_init(&a->rep, loop, rep_path, accept_rep, a) < 0 ||
	    admin_listener_init(&a->pub, loop, pub_path, accept_pub, a) < 0) {
		admin_destroy(a);
		return NULL;
	}
	return a;
}

int admin_create(struct admin **a, struct ev_loop *loop, const char *rep_path, const char *pub_path,
		 const struct ring *events, admin_request_fn *request, void *owner)
{
	struct admin *new = admin_alloc(loop, rep_path, pub_path, events, request, owner);
	int err = new ? admin_listener_open(&new->rep) : -ENOMEM;

	if (!err)
		err = admin_listener_open(&new->pub);
	if (err) {
		admin_destroy(new);
		return err;
	}
	*a = new;
	return 0;
}

void admin_destroy(struct admin *a)
{
	if (!a)
		return;
	admin_flush(a);
	admin_conns_finish(&a->conns);
	admin_listener_finish(&a->rep);
	admin_listener_finish(&a->pub);
	free(a);
}

void admin_reply(struct admin *a, const struct admin_peer *to, const char *body, size_t len)
{
	struct admin_conn *c = admin_conns_find(&a->conns, to->conn);

	if (c && c->self == SP_REP)
		admin_conn_reply(c, to->request, body, len);
}

bool admin_peer_is_there(const struct admin *a, const struct admin_peer *peer)
{
	return admin_conns_find(&a->conns, peer->conn) != NULL;
}

void admin_publish(struct admin *a)
{
	list_for_each(c, &a->conns.list, struct admin_conn, link) {
		if (c->self == SP_PUB && !ev_is_active(&c->writer))
			admin_conn_flush(c);
	}
}

int admin_recreate(struct admin *a)
{
	int err = 0, pub_err = 0;

	if (!admin_listener_reachable(&a->rep))
		err = admin_listener_open(&a->rep);
	if (!admin_listener_reachable(&a->pub))
		pub_err = admin_listener_open(&a->pub);
	return err ? err : pub_err;
}

void admin_flush(struct admin *a)
{
	list_for_each(c, &a->conns.list, struct admin_conn, link)
		admin_conn_flush(c);
}

/* One connection with its descriptor and the inode number by which the next image knows it again. */
static json_t *save_conn(const struct admin_conn *c, struct handoff_fds *fds, struct buf *bytes)
{
	struct stat st;
	json_t *state = admin_conn_save(c, bytes);

	if (!state)
		return NULL;
	if (fstat(c->fd, &st) < 0 || json_object_set_new(state, "fd", json_integer(c->fd)) < 0 ||
	    json_object_set_new(state, "ino", json_integer((json_int_t)st.st_ino)) < 0 ||
	    handoff_fds_add(fds, c->fd) < 0) {
		json_decref(state);
		return NULL;
	}
	return state;
}

static json_t *save_conns(const struct admin *a, struct handoff_fds *fds, struct buf *bytes)
{
	json_t *out = json_array();

	list_for_each(c, &a->conns.list, struct admin_conn, link) {
		if (out && !c->dead && json_array_append_new(out, save_conn(c, fds, bytes)) < 0) {
			json_decref(out);
			out = NULL;
		}
	}
	return out;
}

json_t *admin_save(const struct admin *a, struct handoff_fds *fds, struct buf *bytes)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "next_conn", (json_int_t)a->conns.next_number,
			 "rep", admin_listener_save(&a->rep, fds), "pub",
			 admin_listener_save(&a->pub, fds), "conns", save_conns(a, fds, bytes));
}

/* Those whose descriptor is not what it was are dropped: it may be somebody else's. */
static void restore_conn(struct admin *a, const json_t *state, const struct reader *bytes,
			 struct handoff_fds *fds)
{
	int fd = -1;
	json_int_t ino = 0;
	struct stat st;

	if (json_unpack((json_t *)state, "{s:i, s:I}", "fd", &fd, "ino", &ino) < 0 ||
	    fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_ino != (ino_t)ino ||
	    handoff_fds_claim(fds, fd) < 0) {
		log_warn("admin connection: not found again after the hand-over; its client must "
			 "connect anew");
		return;
	}
	(void)admin_conn_restore(&a->conns, fd, state, bytes);
}

/* The socket of the image before, else a new one at the same place. */
static int restore_listener(struct admin_listener *l, const json_t *state, struct handoff_fds *fds)
{
	if (admin_listener_restore(l, state, fds) == 0)
		return 0;
	log_warn("admin socket \"%s\": not found again after the hand-over; making it anew",
		 l->path);
	return admin_listener_open(l);
}

int admin_restore(struct admin **a, struct ev_loop *loop, const json_t *state,
		  const struct reader *bytes, struct handoff_fds *fds, const struct ring *events,
		  admin_request_fn *request, void *owner)
{
	const char *rep_path = NULL, *pub_path = NULL;
	json_t *rep = NULL, *pub = NULL, *conns = NULL, *conn;
	json_int_t next = 1;
	size_t i;

	if (json_unpack((json_t *)state, "{s?I, s:o, s:o, s?o}", "next_conn", &next, "rep", &rep,
			"pub", &pub, "conns", &conns) < 0 ||
	    json_unpack(rep, "{s:s}", "path", &rep_path) < 0 ||
	    json_unpack(pub, "{s:s}", "path", &pub_path) < 0)
		return -EBADMSG;

	struct admin *new = admin_alloc(loop, rep_path, pub_path, events, request, owner);
	int err = new ? restore_listener(&new->rep, rep, fds) : -ENOMEM;

	if (!err)
		err = restore_listener(&new->pub, pub, fds);
	if (err) {
		admin_destroy(new);
		return err;
	}
	if (next > 0)
		new->conns.next_number = (uint64_t)next;
	json_array_foreach(conns, i, conn) restore_conn(new, conn, bytes, fds);
	*a = new;
	return 0;
}
