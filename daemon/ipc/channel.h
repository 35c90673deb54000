/*
 * The channel between the master and one worker: messages on a SOCK_SEQPACKET pair.
 *
 * A worker started by one build may talk to the master of the next, so every message carries the
 * format's version, bodies are written field by field and only ever grow at their end (what a
 * decoder does not know there it ignores), and receivers skip message types that they do not know:
 * those arrive with their number in `type`. EOF means that the other side is gone: a worker then
 * exits at once.
 *
 *   message  version:u8  type:u8  reserved:u16  body
 *
 *   master                                    worker
 *     CONFIG  (struct worker_config) ───────────►
 *     ◄─────────────── READY | FAILED (struct worker_error)
 *     PAUSE   stop accepting and reading ───────►   undone by RESUME
 *     DRAIN   finish, give idle connections ────►
 *     ◄─────────────── CONN   (one idle connection, 1 fd)
 *     CONN    serve this one ───────────────────►
 *     STATS ────────────────────────────────────►
 *     ◄─────────────── STATS  (struct worker_stats)
 *     STOP    close everything and exit ────────►
 *
 * A nursery (docs/architecture.md) is a process like a worker's that gets PRELOAD where a worker gets CONFIG. Their
 * messages' bodies are in nursery_message.h.
 *
 *   master                                    nursery, worker
 *     PRELOAD (what to import) ─────────────────►
 *     ◄─────────────── WARM | SPOILT (then it exits)
 *     SPAWN   fork a worker with these fds ─────►
 *     ◄─────────────── REFUSED
 *     ◄─────────────── HELLO    (on the newborn worker's own channel)
 *     ◄─────────────── RETRY    (the same: start me without the nursery; then it exits)
 *     ◄─────────────── MODULES  (of any app worker: what it imported)
 */
#ifndef DAEMON_IPC_CHANNEL_H
#define DAEMON_IPC_CHANNEL_H

#include "common/attr.h"
#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

#define CHANNEL_VERSION	    1
#define CHANNEL_HEADER_LEN  4
#define CHANNEL_MESSAGE_MAX (128 * 1024) /* bytes, with the header */

enum channel_type {
	CHANNEL_CONFIG = 1,
	CHANNEL_READY = 2,
	CHANNEL_FAILED = 3,
	CHANNEL_PAUSE = 4,
	CHANNEL_RESUME = 5,
	CHANNEL_DRAIN = 6,
	CHANNEL_STOP = 7,
	CHANNEL_STATS = 8,
	CHANNEL_CONN = 9,
	CHANNEL_MODULES = 10,
	CHANNEL_PRELOAD = 11,
	CHANNEL_WARM = 12,
	CHANNEL_SPOILT = 13,
	CHANNEL_SPAWN = 14,
	CHANNEL_REFUSED = 15,
	CHANNEL_HELLO = 16,
	CHANNEL_RETRY = 17,
};

const char *channel_type_name(enum channel_type t);

#define WORKER_ERROR_DETAIL_MAX (64 * 1024) /* bytes; the end is what is kept */

/* Why a worker could not start. Strings are owned; absent is NULL, line 0. */
struct worker_error {
	char *stage;   /* "import", "lifespan", "exec", "ready" … */
	char *message; /* one line: "SyntaxError: invalid syntax" */
	char *file;    /* absolute path of the innermost frame of the user's code */
	char *detail;  /* traceback or the end of stderr, several lines */
	uint32_t line;
};

void worker_error_finish(struct worker_error *e);
/* The last WORKER_ERROR_DETAIL_MAX bytes of a detail, from the beginning of a character. */
const char *worker_error_detail_tail(const char *detail);
/* Too long a detail is cut at its front, other strings at their end, so that a message holds it. */
int worker_error_encode(const struct worker_error *e, struct buf *out) BB_NODISCARD;
/* *e is written on success only, and then owned by the caller. Returns 0, -EBADMSG or -ENOMEM. */
int worker_error_decode(const void *data, size_t len, struct worker_error *e) BB_NODISCARD;

struct worker_stats {
	uint64_t requests;    /* begun since the worker started */
	uint64_t accepted;    /* connections accepted from a listener */
	uint32_t connections; /* open now */
	uint32_t active;      /* requests in flight now */
};

int worker_stats_encode(const struct worker_stats *s, struct buf *out) BB_NODISCARD;
int worker_stats_decode(const void *data, size_t len, struct worker_stats *s) BB_NODISCARD;

#define CONN_PENDING_MAX (CHANNEL_MESSAGE_MAX - 256) /* bytes that fit into one CONN message */

/* What travels beside the descriptor of a connection that changes its worker. */
struct conn_record {
	const void *pending; /* bytes read from it that belong to no finished request */
	size_t pending_len;
	uint32_t listener; /* index of the listener that accepted it */
	uint32_t requests; /* served on it so far */
	char peer[64];	   /* "127.0.0.1:5312", "[::1]:80", "" for a Unix socket */
};

/* -EMSGSIZE over CONN_PENDING_MAX. On any error of an encoder, `out` may hold a part: drop it. */
int conn_record_encode(const struct conn_record *c, struct buf *out) BB_NODISCARD;
/* c->pending points into data. */
int conn_record_decode(const void *data, size_t len, struct conn_record *c) BB_NODISCARD;

/*
 * Makes a pair: non-blocking, CLOEXEC, with send buffers that hold a full message.
 * ends[0] is for the master. Returns 0 or -errno.
 */
int channel_pair(int ends[2]) BB_NODISCARD;

/*
 * Sends one message, with fd if it is >= 0 (the caller keeps it). 0, -EAGAIN, -EPIPE, -EMSGSIZE
 * over CHANNEL_MESSAGE_MAX, -errno.
 */
int channel_send(int sock, enum channel_type t, const void *body, size_t len, int fd) BB_NODISCARD;
/* The same with up to FD_PASS_MAX descriptors. */
int channel_send_fds(int sock, enum channel_type t, const void *body, size_t len, const int *fds,
		     size_t nfds) BB_NODISCARD;

struct channel_message {
	enum channel_type type;
	const void *body; /* in the caller's buffer */
	size_t len;
	int fd; /* -1, or a descriptor that the caller now owns */
};

/*
 * Receives one message into buf (size >= CHANNEL_MESSAGE_MAX). Returns 1 and fills *m; 0 at EOF;
 * -EAGAIN; -EBADMSG for bytes that are no message; -errno.
 */
int channel_recv(int sock, void *buf, size_t size, struct channel_message *m) BB_NODISCARD;
/* The same with up to FD_PASS_MAX descriptors, which the caller owns after 1; m->fd is -1. */
int channel_recv_fds(int sock, void *buf, size_t size, struct channel_message *m, int *fds,
		     size_t *nfds) BB_NODISCARD;

#endif
