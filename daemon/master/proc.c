/* One worker process: state, signals, figures, and its place in the hand-over. */
#include "daemon/master/proc.h"

#include "common/hex.h"
#include "daemon/master/handoff.h"
#include "daemon/master/ready_probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TREE_MAX 256

const char *proc_state_name(enum proc_state s)
{
	switch (s) {
	case PROC_WAITING:
	case PROC_BOOTING:
		return "booting";
	case PROC_READY:
		return "ready";
	case PROC_DRAINING:
		return "draining";
	}
	return "?";
}

struct proc *proc_create(struct ev_loop *loop, struct output *output, enum proc_kind kind,
			 uint64_t generation, uint32_t slot, const struct proc_ops *ops,
			 void *owner)
{
	struct proc *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->loop = loop;
	p->output = output;
	p->kind = kind;
	p->generation = generation;
	p->slot = slot;
	p->ops = ops;
	p->owner = owner;
	p->channel = p->notify = p->pipes[0] = p->pipes[1] = -1;
	output_source_init(&p->sources[LOG_STDOUT], generation, slot, LOG_STDOUT);
	output_source_init(&p->sources[LOG_STDERR], generation, slot, LOG_STDERR);
	return p;
}

void proc_destroy(struct proc *p)
{
	if (!p)
		return;
	list_remove(&p->link);
	proc_unwatch(p);
	output_source_finish(&p->sources[LOG_STDOUT]);
	output_source_finish(&p->sources[LOG_STDERR]);
	free(p);
}

void proc_drain(struct proc *p)
{
	p->state = PROC_DRAINING;
	if (p->kind == PROC_COMMAND && p->pid > 0)
		(void)kill(p->pid, SIGTERM);
	else
		proc_tell(p, CHANNEL_DRAIN);
}

void proc_kill(struct proc *p)
{
	pid_t tree[TREE_MAX];
	size_t n;

	p->killed = true;
	p->doomed = p->unborn;
	if (p->pid <= 0)
		return;
	/* Not reaped yet, so the number cannot be somebody else's. What a command started goes with it. */
	n = p->kind == PROC_COMMAND ? process_tree(p->pid, tree, TREE_MAX) : 0;
	(void)kill(p->pid, SIGKILL);
	for (size_t i = 1; i < n; i++)
		(void)kill(tree[i], SIGKILL);
}

void proc_exited(struct proc *p)
{
	proc_unwatch(p);
	p->pid = 0;
	p->stats_pending = 0;
}

/* Resident memory and processor time of a process, from /proc/PID/stat (proc(5)). */
static void read_usage(pid_t pid, long long *rss, long long *cpu_ms)
{
	char path[64], line[1024], *after;
	unsigned long long utime = 0, stime = 0;
	long long pages = 0;
	FILE *f;

	*rss = *cpu_ms = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return;
	/* The name in parentheses may hold anything, so fields are counted from the last ')'. */
	after = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (after && sscanf(after + 2,
			    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
			    "%*d %*d %*u %*u %lld",
			    &utime, &stime, &pages) == 3) {
		*rss = pages * sysconf(_SC_PAGESIZE);
		*cpu_ms = (long long)((utime + stime) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
	}
	fclose(f);
}

json_t *proc_to_json(const struct proc *p)
{
	char started[WALL_RFC3339_LEN];
	long long rss, cpu;

	read_usage(p->pid, &rss, &cpu);
	return json_pack(
		"{s:o, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:i, s:o}", "pid",
		p->pid > 0 ? json_integer(p->pid) : json_null(), "slot", (int)p->slot, "generation",
		(json_int_t)p->generation, "state", proc_state_name(p->state), "requests",
		(json_int_t)p->stats.requests, "connections", (json_int_t)p->stats.connections,
		"rss_bytes", (json_int_t)rss, "cpu_ms", (json_int_t)cpu, "restarts",
		(int)p->restarts, "started_at",
		p->started_at.ns ? json_string(wall_format(p->started_at, started)) : json_null());
}

static int keep_fd(struct handoff_fds *fds, int fd)
{
	return fd >= 0 && handoff_fds_add(fds, fd) == 0 ? fd : -1;
}

/* Unfinished lines are bytes, not text. */
static json_t *hex_of(const struct buf *b)
{
	char *hex = hex_encode(buf_data(b), buf_len(b));
	json_t *j = json_string(hex ? hex : "");

	free(hex);
	return j;
}

/* What has to do with the nursery. */
static json_t *save_birth(const struct proc *p)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:i, s:I}", "killed", (int)p->killed, "unborn",
			 (int)p->unborn, "doomed", (int)p->doomed, "nursed", (int)p->nursed, "cold",
			 (int)p->cold, "doubt", (int)p->doubt, "token", (json_int_t)p->token);
}

static void restore_birth(struct proc *p, const json_t *j)
{
	int killed = 0, unborn = 0, doomed = 0, nursed = 0, cold = 0, doubt = 0;
	json_int_t token = 0;

	if (json_unpack((json_t *)j, "{s?b, s?b, s?b, s?b, s?b, s?i, s?I}", "killed", &killed,
			"unborn", &unborn, "doomed", &doomed, "nursed", &nursed, "cold", &cold,
			"doubt", &doubt, "token", &token) < 0)
		return;
	p->killed = killed;
	p->unborn = unborn;
	p->doomed = doomed;
	p->nursed = nursed;
	p->cold = cold;
	p->doubt = doubt == DOUBT_ASKED || doubt == DOUBT_CRASHED ? (enum proc_doubt)doubt
								  : DOUBT_NONE;
	p->token = (uint64_t)token;
}

json_t *proc_save(const struct proc *p, struct handoff_fds *fds)
{
	json_t *queue = json_array();

	for (uint8_t i = 0; queue && i < p->queued; i++)
		json_array_append_new(queue, json_integer(p->queue[i]));
	return json_pack(
		"{s:i, s:i, s:I, s:i, s:i, s:i, s:b, s:I, s:I, s:I, s:I, s:i, s:I, s:i, s:i, s:i, "
		"s:i, s:o, s:o, s:o, s:o}",
		"kind", (int)p->kind, "state", (int)p->state, "generation",
		(json_int_t)p->generation, "slot", (int)p->slot, "pid", (int)p->pid, "restarts",
		(int)p->restarts, "reported", (int)p->reported, "started",
		(json_int_t)p->started.ns, "started_at", (json_int_t)p->started_at.ns, "deadline",
		(json_int_t)p->deadline.ns, "ready_at", (json_int_t)p->ready_at.ns, "streak",
		(int)p->streak, "requests", (json_int_t)p->stats.requests, "channel",
		keep_fd(fds, p->channel), "notify", keep_fd(fds, p->notify), "out",
		keep_fd(fds, p->pipes[LOG_STDOUT]), "err", keep_fd(fds, p->pipes[LOG_STDERR]),
		"out_partial", hex_of(&p->sources[LOG_STDOUT].partial), "err_partial",
		hex_of(&p->sources[LOG_STDERR].partial), "queue", queue, "birth", save_birth(p));
}

static int claim_fd(struct handoff_fds *fds, int fd)
{
	return fd >= 0 && handoff_fds_claim(fds, fd) == 0 ? fd : -1;
}

static void restore_partial(struct proc *p, enum log_stream stream, const json_t *hex)
{
	struct buf *partial = &p->sources[stream].partial;

	if (json_is_string(hex) && hex_decode(json_string_value(hex), partial) < 0)
		buf_consume(partial, buf_len(partial));
}

static void restore_queue(struct proc *p, const json_t *queue)
{
	size_t i;
	json_t *t;

	json_array_foreach((json_t *)queue, i, t)
	{
		if (p->queued < ARRAY_LEN(p->queue))
			p->queue[p->queued++] = (uint8_t)json_integer_value(t);
	}
}

/* Somebody else's process may have the number of one that is gone: it must not be waited for, let alone killed. */
static bool is_ours(const struct proc *p)
{
	siginfo_t info;

	return p->pid == 0 || p->channel >= 0 || p->notify >= 0 || p->pipes[LOG_STDOUT] >= 0 ||
	       p->pipes[LOG_STDERR] >= 0 ||
	       waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

struct proc *proc_restore(const json_t *j, struct handoff_fds *fds, struct ev_loop *loop,
			  struct output *output, const struct proc_ops *ops, void *owner)
{
	int kind, state, slot, pid, restarts = 0, reported = 0, streak = 0;
	int channel = -1, notify = -1, out = -1, err = -1;
	json_int_t generation, started = 0, started_at = 0, deadline = 0, ready_at = 0,
			       requests = 0;
	struct proc *p;

	if (json_unpack((json_t *)j,
			"{s:i, s:i, s:I, s:i, s:i, s?i, s?b, s?I, s?I, s?I, s?I, s?i, s?I, s?i, "
			"s?i, s?i, s?i}",
			"kind", &kind, "state", &state, "generation", &generation, "slot", &slot,
			"pid", &pid, "restarts", &restarts, "reported", &reported, "started",
			&started, "started_at", &started_at, "deadline", &deadline, "ready_at",
			&ready_at, "streak", &streak, "requests", &requests, "channel", &channel,
			"notify", &notify, "out", &out, "err", &err) < 0 ||
	    kind < 0 || kind > PROC_NURSERY || state < 0 || state > PROC_DRAINING)
		return NULL;
	p = proc_create(loop, output, (enum proc_kind)kind, (uint64_t)generation, (uint32_t)slot,
			ops, owner);
	if (!p)
		return NULL;
	p->state = (enum proc_state)state;
	p->pid = pid;
	p->restarts = (uint32_t)restarts;
	p->reported = reported;
	p->started.ns = started;
	p->started_at.ns = started_at;
	p->deadline.ns = deadline;
	p->ready_at.ns = ready_at;
	p->streak = (uint32_t)streak;
	p->stats.requests = (uint64_t)requests;
	p->channel = claim_fd(fds, channel);
	p->notify = claim_fd(fds, notify);
	p->pipes[LOG_STDOUT] = claim_fd(fds, out);
	p->pipes[LOG_STDERR] = claim_fd(fds, err);
	restore_partial(p, LOG_STDOUT, json_object_get(j, "out_partial"));
	restore_partial(p, LOG_STDERR, json_object_get(j, "err_partial"));
	restore_queue(p, json_object_get(j, "queue"));
	restore_birth(p, json_object_get(j, "birth"));
	if (!is_ours(p)) {
		proc_destroy(p);
		return NULL;
	}
	proc_watch(p);
	return p;
}
