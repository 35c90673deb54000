/* The root of the HTTP server's state. Shared by the files of this folder, by nobody else. */
#ifndef DAEMON_HTTP_STATE_H
#define DAEMON_HTTP_STATE_H

#include "common/buf.h"
#include "common/list.h"
#include "daemon/http/addr.h"
#include "daemon/http/date.h"
#include "daemon/http/forwarded.h"
#include "daemon/http/poller.h"
#include "daemon/http/server.h"
#include "daemon/http/timeouts.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRATCH_SIZE (64 * 1024)

enum server_state { SERVER_NEW, SERVER_RUNNING, SERVER_PAUSED, SERVER_DRAINING };

struct listener {
	ev_io accept;
	struct http_server *server;
	uint32_t index;
	int fd;
	int family;
	struct addr addr; /* host "" when it is a wildcard or a Unix socket */
	bool wildcard;
	char *path; /* of a Unix socket; "@name" for an abstract one */
};

struct http_server {
	struct http_server_config config; /* strings and listeners are not used after create */
	struct ev_loop *loop;
	enum server_state state;
	struct http_server_stats stats;
	bool drained_told;

	struct listener *listeners;
	size_t listener_count;
	bool accepting;
	int64_t accept_again_ms; /* after EMFILE and the like; 0: not waiting */

	struct list conns;    /* struct conn */
	struct list deferred; /* struct conn: to be looked at before the loop blocks */
	ev_prepare deferral;  /* runs only while there is something to do */
	ev_idle wake; /* keeps the loop from blocking after the host was called in `deferral` */
	uint64_t host_calls; /* of http_app_ops */

	struct timeouts timeouts;
	ev_timer timer;	  /* runs only while there are deadlines */
	int64_t timer_ms; /* when it fires */

	struct poller poller;
	struct forwarded forwarded;
	struct date date;
	char *extra_header; /* "Name: value\r\n", or NULL */
	size_t extra_header_len;

	struct list pool; /* struct http_request, free */
	size_t pooled;
	struct buf spare_output; /* memory that went round, for the next response */
	char scratch[SCRATCH_SIZE];
};

/* Milliseconds of a steady clock, some ms coarse, cheap. */
int64_t server_now_ms(void);
/* A deadline was set: the timer must not fire later. */
void server_timer_update(struct http_server *s, int64_t at_ms);
/* Runs conn_deferred() on whoever is in s->deferred before the loop blocks next. */
void server_defer(struct http_server *s);
/* The number of connections, or the state, has changed. */
void server_update_accept(struct http_server *s);
/* The same after running out of something: nothing is accepted for a while. */
void server_pause_accept(struct http_server *s, int64_t ms);
void server_refused(struct http_server *s, const struct addr *client, int status, const char *why);
/* The connections' share in the life of the server. */
void server_conn_opened(struct http_server *s);
void server_conn_closed(struct http_server *s);

/* listener.c */
int listener_init(struct listener *l, struct http_server *s, int fd, uint32_t index) BB_NODISCARD;
void listener_finish(struct listener *l);
void listener_accept(struct listener *l, bool on);

#endif
