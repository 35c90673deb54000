/* sd_notify(3), the service's side. */
#include "daemon/master/service_notify.h"

#include "common/fd.h"
#include "common/parse.h"

#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct service_notify {
	struct ev_loop *loop;
	int fd;
	struct sockaddr_un address;
	socklen_t address_len;
	ev_timer watchdog;
	bool ready;	/* said once: from then on there are reloads */
	bool reloading; /* said, and not taken back yet */
};

/* A datagram that does not fit the manager's queue is lost, as with sd_notify: nothing may block here. */
static void send_text(struct service_notify *n, const char *text)
{
	(void)sendto(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		     (struct sockaddr *)&n->address, n->address_len);
}

static void watchdog_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	send_text(container_of(w, struct service_notify, watchdog), "WATCHDOG=1");
}

/* Seconds between two signs of life: half of what the manager waits (sd_watchdog_enabled(3)); 0: it does not. */
static double watchdog_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t interval, for_pid;

	if (!usec || parse_uint(usec, 1, INT64_MAX, &interval) < 0)
		return 0.;
	if (pid && (parse_uint(pid, 1, INT32_MAX, &for_pid) < 0 || (pid_t)for_pid != getpid()))
		return 0.;
	return (double)interval / 2e6;
}

/* "/path" or "@abstract" (unix(7)). */
static int parse_address(const char *text, struct sockaddr_un *un, socklen_t *len)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n >= sizeof(un->sun_path))
		return -EINVAL;
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un->sun_path, text, n);
	if (text[0] == '@')
		un->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (text[0] == '/'));
	return 0;
}

struct service_notify *service_notify_create(struct ev_loop *loop)
{
	const char *socket_name = getenv("NOTIFY_SOCKET");
	struct service_notify *n = socket_name ? calloc(1, sizeof(*n)) : NULL;
	double interval = watchdog_interval();

	if (!n)
		return NULL;
	n->loop = loop;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0 || parse_address(socket_name, &n->address, &n->address_len) < 0) {
		fd_close(&n->fd);
		free(n);
		return NULL;
	}
	ev_timer_init(&n->watchdog, watchdog_cb, interval, interval);
	if (interval > 0.)
		ev_timer_start(loop, &n->watchdog);
	return n;
}

void service_notify_destroy(struct service_notify *n)
{
	if (!n)
		return;
	ev_timer_stop(n->loop, &n->watchdog);
	fd_close(&n->fd);
	free(n);
}

static void send_status(struct service_notify *n, const struct generation *g)
{
	char text[80];

	snprintf(text, sizeof(text), "STATUS=generation %" PRIu64 ": %s", g->number,
		 gen_state_name(g->state));
	send_text(n, text);
}

/* The manager wants to know when the reload began, by its own clock (systemd 253 and later). */
static void send_reloading(struct service_notify *n, const struct generation *g)
{
	char text[160];

	n->reloading = true;
	snprintf(text, sizeof(text),
		 "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=generation %" PRIu64 ": %s",
		 mono_now().ns / 1000, g->number, gen_state_name(g->state));
	send_text(n, text);
}

static void send_ready(struct service_notify *n, const struct generation *g)
{
	char text[120];

	n->ready = true;
	n->reloading = false;
	snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\nSTATUS=generation %" PRIu64 " serving",
		 (int)getpid(), g->number);
	send_text(n, text);
}

/* The service is as ready as it was before. */
static void send_failed(struct service_notify *n, const struct generation *g)
{
	const char *why = g->error && g->error->message ? g->error->message : "";
	char text[400];

	n->reloading = false;
	snprintf(text, sizeof(text), "%sSTATUS=generation %" PRIu64 " failed: %.300s",
		 n->ready ? "READY=1\n" : "", g->number, why);
	send_text(n, text);
}

void service_notify_generation(struct service_notify *n, const struct generation *g)
{
	if (!n)
		return;
	switch (g->state) {
	case GEN_REQUESTED:
		if (n->ready)
			send_reloading(n, g);
		break;
	case GEN_BUILDING:
	case GEN_HANDING_OVER:
	case GEN_BOOTING:
		/* One that had to wait for the verdict on another begins now. */
		if (n->ready && !n->reloading)
			send_reloading(n, g);
		else
			send_status(n, g);
		break;
	case GEN_SERVING:
		send_ready(n, g);
		break;
	case GEN_FAILED:
		if (!g->superseded)
			send_failed(n, g);
		break;
	case GEN_DRAINING:
	case GEN_RETIRED:
		break;
	}
}

void service_notify_stopping(struct service_notify *n)
{
	if (n)
		send_text(n, "STOPPING=1\nSTATUS=stopping");
}

json_t *service_notify_save(const struct service_notify *n)
{
	return json_pack("{s:b, s:b}", "ready", n && n->ready, "reloading", n && n->reloading);
}

void service_notify_restore(struct service_notify *n, const json_t *state)
{
	if (!n)
		return;
	n->ready = json_is_true(json_object_get(state, "ready"));
	n->reloading = json_is_true(json_object_get(state, "reloading"));
}
