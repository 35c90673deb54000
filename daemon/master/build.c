/* The build command of a generation. */
#include "daemon/master/build.h"

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

struct build {
	struct ev_loop *loop;
	struct output *output;
	uint64_t generation;
	pid_t pid;
	int pipe; /* stdout and stderr together: the order matters more than the name */
	ev_io readable;
	struct output_source source;
	build_done_fn *done;
	void *owner;
};

/* Returns false at the end or when there is nothing now. */
static bool read_some(struct build *b)
{
	char data[16 * 1024];
	ssize_t n = read(b->pipe, data, sizeof(data));

	if (n > 0)
		output_feed(b->output, &b->source, data, (size_t)n);
	else if (n == 0)
		ev_io_stop(b->loop, &b->readable);
	return n > 0;
}

static void readable_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	(void)read_some(container_of(w, struct build, readable));
}

static int run(struct build *b, const char *command)
{
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)command, NULL};
	int ends[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct spawn_request r = {.file = argv[0], .argv = argv};
	int rc = null < 0 || pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;

	if (rc == 0) {
		int fds[] = {null, ends[1], ends[1]};

		r.fds = fds;
		r.nfds = ARRAY_LEN(fds);
		rc = spawn(&r, &b->pid);
		fd_close(&ends[1]);
		b->pipe = ends[0];
	}
	fd_close(&null);
	if (rc == 0)
		rc = fd_set_nonblock(b->pipe, true);
	return rc;
}

int build_start(struct build **out, struct ev_loop *loop, struct output *output,
		const char *command, uint64_t generation, build_done_fn *done, void *owner)
{
	struct build *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return -ENOMEM;
	*b = (struct build){.loop = loop,
			    .output = output,
			    .generation = generation,
			    .pipe = -1,
			    .done = done,
			    .owner = owner};
	output_source_init(&b->source, generation, OUTPUT_SLOT_BUILD, LOG_STDERR);
	rc = run(b, command);
	ev_io_init(&b->readable, readable_cb, b->pipe, EV_READ);
	if (rc < 0) {
		build_destroy(b);
		return rc;
	}
	ev_io_start(loop, &b->readable);
	*out = b;
	return 0;
}

bool build_exited(struct build *b, pid_t pid, int status)
{
	if (!b || b->pid != pid)
		return false;
	b->pid = 0;
	while (read_some(b))
		continue;
	output_end(b->output, &b->source);
	b->done(b->owner, b->generation, status);
	return true;
}

void build_destroy(struct build *b)
{
	pid_t tree[TREE_MAX];
	size_t n;

	if (!b)
		return;
	n = b->pid > 0 ? process_tree(b->pid, tree, TREE_MAX) : 0;
	for (size_t i = 0; i < n; i++)
		(void)kill(tree[i], SIGKILL);
	ev_io_stop(b->loop, &b->readable);
	fd_close(&b->pipe);
	output_source_finish(&b->source);
	free(b);
}
