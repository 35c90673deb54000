/*
 * The master's root structure, and what its modules may ask of it. One thread, one loop. run.c makes and ends it,
 * course.c moves generations, master_state.c takes it across execve.
 */
#ifndef DAEMON_MASTER_MASTER_H
#define DAEMON_MASTER_MASTER_H

#include "common/attr.h"
#include "common/clock.h"
#include "common/list.h"
#include "common/str.h"
#include "daemon/config/config.h"
#include "daemon/master/generation.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct admin;
struct background;
struct task;
struct events;
struct history;
struct instance;
struct listeners;
struct logbook;
struct nursery;
struct orphans;
struct output;
struct service_notify;
struct signals;
struct supervisor;
struct waiters;
struct watcher;

struct master {
	struct ev_loop *loop;
	struct config *config;	/* in force */
	char *const *argv;	/* of the first boot, for the re-exec */
	char *exec_path;	/* argv[0] as an absolute path, symbolic links not resolved */
	char boot_id[33];	/* 32 hex digits, made at first boot, kept across execve */
	struct wall started_at; /* first boot */
	struct mono started;
	bool stopping;
	int exit_status;
	bool degraded; /* the state from the image before could not be read */

	struct list generations; /* struct generation.link, oldest first; terminal ones leave */
	uint64_t next_number;
	struct generation *last_failed; /* owned copy, or NULL */

	struct instance *instance;
	struct listeners *listeners;
	struct supervisor *supervisor;
	struct nursery *nursery;
	struct watcher *watcher; /* NULL without --reload */
	struct admin *admin;	 /* NULL with --admin off */
	struct waiters *waiters;
	struct events *events;
	struct history *history;
	struct logbook *logbook;
	struct output *output;
	struct background *background; /* NULL: in the foreground */
	struct orphans *orphans;       /* NULL but in a master that is degraded */
	struct signals *signals;
	struct service_notify *service; /* NULL: no service manager */
	ev_timer advance;  /* never started: fed, so that generations advance from the loop only */
	struct task *task; /* of the generation that builds or hands over, or NULL */
	struct strv
		config_roots; /* the configuration's own watched paths, before run-time changes */
};

/* Who asked for something on the admin socket. */
struct requester {
	uid_t uid;
	pid_t pid;
};

/*
 * Asks for a generation. One that is requested takes the request in; one that is booting
 * is superseded by a change, and followed by a next one otherwise. Returns the generation that will answer for this
 * request; it stays valid until it is terminal and its waiters were told. NULL: the daemon is stopping.
 */
struct generation *master_reload(struct master *m, enum gen_reason reason, const struct strv *paths,
				 struct mono detected, const struct requester *by);
/* The generation whose workers answer now (in the fresh policy that may be a failed one), or NULL. */
struct generation *master_current(const struct master *m);
/* The youngest that is not settled yet, or NULL. */
struct generation *master_pending(const struct master *m);
struct generation *master_find(const struct master *m, uint64_t number);
/* Stops the daemon: drains the workers, or at once. */
void master_stop(struct master *m, bool now);

#endif
