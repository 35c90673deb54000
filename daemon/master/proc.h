/*
 * One worker process: its pipes, its channel or notify socket, its state. It reports to an owner (the
 * supervisor) and decides nothing.
 *
 *   waiting (no process yet: a restart is due) → booting → ready → draining → gone
 */
#ifndef DAEMON_MASTER_PROC_H
#define DAEMON_MASTER_PROC_H

#include "common/attr.h"
#include "common/clock.h"
#include "common/list.h"
#include "daemon/config/config.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/worker_config.h"
#include "daemon/master/output.h"

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct handoff_fds;
struct listeners;
struct nursery;
struct proc;

enum proc_kind { PROC_APP, PROC_COMMAND, PROC_SITE, PROC_ERROR, PROC_NURSERY };
enum proc_state { PROC_WAITING, PROC_BOOTING, PROC_READY, PROC_DRAINING };
/* Why a worker is started anew without the nursery: it asked for that, or it crashed. */
enum proc_doubt { DOUBT_NONE, DOUBT_ASKED, DOUBT_CRASHED };

const char *proc_state_name(enum proc_state s); /* as in the JSON; waiting counts as booting */

struct proc_ops {
	/* A message came on the channel; m->fd is the callee's. */
	void (*message)(struct proc *p, const struct channel_message *m);
	/* READY=1 on the notify socket. */
	void (*notified)(struct proc *p);
	/* The channel takes messages again, after proc_await_writable(). */
	void (*writable)(struct proc *p);
	/* The channel ended before HELLO came: nobody was born. */
	void (*stillborn)(struct proc *p);
};

struct proc {
	struct list_node link; /* supervisor.procs */
	void *owner;
	const struct proc_ops *ops;
	struct ev_loop *loop;
	struct output *output;

	enum proc_kind kind;
	enum proc_state state;
	uint64_t generation;
	uint32_t slot;
	pid_t pid;	   /* 0: none */
	uint32_t restarts; /* of this slot, so far */
	uint32_t streak;   /* of those, the ones that followed a short life */
	int start_error;   /* -errno: it could not be started */
	bool reported;	   /* FAILED was received: its exit is no news */
	bool killed;	   /* by us */
	bool unborn;	   /* asked of the nursery; its pid comes with HELLO */
	bool doomed;	   /* and to be killed then */
	bool nursed;	   /* was born in the nursery */
	bool cold;	   /* must not come from there */
	enum proc_doubt doubt;
	uint64_t token;	     /* that the nursery knows it by */
	struct mono started; /* of this process */
	struct wall started_at;
	struct mono deadline; /* restart due, ready limit, or kill; zero: none */
	struct mono ready_at; /* of commands: then it counts as ready; zero: never */
	struct worker_stats stats;
	uint32_t stats_pending; /* STATS that were asked for and not answered */

	int channel; /* -1 for commands */
	ev_io readable;
	ev_io writable;
	uint8_t queue[8]; /* control messages that the channel did not take yet, oldest first */
	uint8_t queued;
	int notify; /* -1 but for commands */
	ev_io notify_readable;
	int pipes[2]; /* by enum log_stream, -1 at EOF */
	ev_io pipe_readable[2];
	struct output_source sources[2];
};

/* A proc without a process. NULL when memory runs out. */
struct proc *proc_create(struct ev_loop *loop, struct output *output, enum proc_kind kind,
			 uint64_t generation, uint32_t slot, const struct proc_ops *ops,
			 void *owner);
/* Removes it from its list; closes everything; kills nobody. */
void proc_destroy(struct proc *p);

/* What a process is started with, besides the configuration. */
struct proc_start {
	const struct config *config;
	const struct listeners *listeners;
	const struct worker_error *error; /* of PROC_ERROR, else NULL */
	const char *exec_path;		  /* our own program */
	struct nursery *nursery;	  /* to be asked first for a PROC_APP, or NULL */
};

/* Starts the process, or asks the nursery for it; state becomes booting. Returns 0 or -errno. */
int proc_start(struct proc *p, const struct proc_start *s) BB_NODISCARD;
/* Queues a message without a body; nothing for commands. */
void proc_tell(struct proc *p, enum channel_type t);
void proc_await_writable(struct proc *p);
/* DRAIN, or SIGTERM for commands. */
void proc_drain(struct proc *p);
/* SIGKILL, to everything below a command too. */
void proc_kill(struct proc *p);
/* Hears out what the process still had to say: connections and errors must not die with it. */
void proc_last_words(struct proc *p);
/* The process has exited: takes what is left in its pipes and closes its descriptors. */
void proc_exited(struct proc *p);

/* Watches each descriptor that is open, non-blocking from now on. For proc_start and proc_restore. */
void proc_watch(struct proc *p);
/* Reads what is left in the pipes, then closes every descriptor. */
void proc_unwatch(struct proc *p);

json_t *proc_to_json(const struct proc *p);
json_t *proc_save(const struct proc *p, struct handoff_fds *fds);
/* NULL when the state cannot be read or its descriptors are not there. */
struct proc *proc_restore(const json_t *j, struct handoff_fds *fds, struct ev_loop *loop,
			  struct output *output, const struct proc_ops *ops, void *owner);

#endif
