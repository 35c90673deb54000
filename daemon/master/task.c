/* A command of a generation: run, shown, its end reported. */
#include "daemon/master/task.h"

#include "common/fd.h"
#include "daemon/master/output.h"
#include "daemon/master/ready_probe.h"
#include "daemon/master/spawn.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define TREE_MAX 256
/* A pipe holds 64 KiB by default (pipe(7)); what the task left running may fill it for ever. */
#define LAST_READS 8

struct task {
	struct ev_loop *loop;
	struct output *output;
	uint64_t generation;
	pid_t pid;
	int pipe; /* stdout and stderr together: the order matters more than the name */
	ev_io readable;
	ev_timer limit;
	bool over_time;
	struct output_source source;
	task_done_fn *done;
	void *owner;
};

/* Returns false at the end or when there is nothing now. */
static bool read_some(struct task *t)
{
	char data[16 * 1024];
	ssize_t n = read(t->pipe, data, sizeof(data));

	if (n > 0)
		output_feed(t->output, &t->source, data, (size_t)n);
	else if (n == 0)
		ev_io_stop(t->loop, &t->readable);
	return n > 0;
}

static void readable_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	(void)read_some(container_of(w, struct task, readable));
}

static void kill_tree(const struct task *t)
{
	pid_t tree[TREE_MAX];
	size_t n = t->pid > 0 ? process_tree(t->pid, tree, TREE_MAX) : 0;

	for (size_t i = 0; i < n; i++)
		(void)kill(tree[i], SIGKILL);
}

static void limit_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct task *t = container_of(w, struct task, limit);

	t->over_time = true;
	kill_tree(t); /* its end is told as any other */
}

static int run(struct task *t, char *const argv[])
{
	int ends[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct spawn_request r = {.file = argv[0], .argv = argv};
	int rc = null < 0 || pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;

	if (rc == 0) {
		int fds[] = {null, ends[1], ends[1]};

		r.fds = fds;
		r.nfds = ARRAY_LEN(fds);
		rc = spawn(&r, &t->pid);
		fd_close(&ends[1]);
		t->pipe = ends[0];
	}
	fd_close(&null);
	if (rc == 0)
		rc = fd_set_nonblock(t->pipe, true);
	return rc;
}

int task_start(struct task **out, struct ev_loop *loop, struct output *output, char *const argv[],
	       uint64_t generation, task_done_fn *done, void *owner)
{
	struct task *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return -ENOMEM;
	*t = (struct task){.loop = loop,
			   .output = output,
			   .generation = generation,
			   .pipe = -1,
			   .done = done,
			   .owner = owner};
	output_source_init(&t->source, generation, OUTPUT_SLOT_BUILD, LOG_STDERR);
	rc = run(t, argv);
	ev_io_init(&t->readable, readable_cb, t->pipe, EV_READ);
	ev_timer_init(&t->limit, limit_cb, 0., 0.);
	if (rc < 0) {
		task_destroy(t);
		return rc;
	}
	ev_io_start(loop, &t->readable);
	*out = t;
	return 0;
}

void task_limit(struct task *t, double seconds)
{
	ev_now_update(t->loop);
	ev_timer_set(&t->limit, seconds, 0.);
	ev_timer_start(t->loop, &t->limit);
}

bool task_is_over_time(const struct task *t)
{
	return t->over_time;
}

bool task_exited(struct task *t, pid_t pid, int status)
{
	if (!t || t->pid != pid)
		return false;
	t->pid = 0;
	for (int i = 0; i < LAST_READS && read_some(t); i++)
		continue;
	output_end(t->output, &t->source);
	t->done(t->owner, t->generation, status);
	return true;
}

void task_destroy(struct task *t)
{
	if (!t)
		return;
	kill_tree(t);
	ev_timer_stop(t->loop, &t->limit);
	ev_io_stop(t->loop, &t->readable);
	fd_close(&t->pipe);
	output_source_finish(&t->source);
	free(t);
}
