/* Descriptors of a worker: pipes to the output, channel and notify socket to the owner. */
#include "daemon/master/proc.h"

#include "common/fd.h"
#include "daemon/master/notify_socket.h"

#include <errno.h>
#include <unistd.h>

#define READS_PER_TURN 8 /* so that one chatty worker does not starve the others */

static void pipe_close(struct proc *p, int stream)
{
	ev_io_stop(p->loop, &p->pipe_readable[stream]);
	output_end(p->output, &p->sources[stream]);
	fd_close(&p->pipes[stream]);
}

static void pipe_read(struct proc *p, int stream, int reads)
{
	char data[16 * 1024];

	while (reads-- > 0 && p->pipes[stream] >= 0) {
		ssize_t n = read(p->pipes[stream], data, sizeof(data));

		if (n > 0)
			output_feed(p->output, &p->sources[stream], data, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			pipe_close(p, stream);
		if (n < (ssize_t)sizeof(data))
			return;
	}
}

static void stdout_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct proc *p = container_of(w, struct proc, pipe_readable[LOG_STDOUT]);

	pipe_read(p, LOG_STDOUT, READS_PER_TURN);
}

static void stderr_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct proc *p = container_of(w, struct proc, pipe_readable[LOG_STDERR]);

	pipe_read(p, LOG_STDERR, READS_PER_TURN);
}

/* Returns 1 when there was a message, as channel_recv(). */
static int receive(struct proc *p)
{
	char buf[CHANNEL_MESSAGE_MAX];
	struct channel_message m;
	int rc = channel_recv(p->channel, buf, sizeof(buf), &m);

	if (rc == 1)
		p->ops->message(p, &m);
	return rc;
}

/* One message a turn, so that one busy worker does not starve the others. */
static void channel_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct proc *p = container_of(w, struct proc, readable);
	int rc = receive(p);

	if (rc == 1 || rc == -EAGAIN || rc == -EBADMSG)
		return;
	ev_io_stop(p->loop, &p->readable); /* its exit will tell, if there is anybody */
	if (p->unborn)
		p->ops->stillborn(p);
}

void proc_last_words(struct proc *p)
{
	int rc = p->channel >= 0 ? 1 : 0;

	while (rc == 1 || rc == -EBADMSG)
		rc = receive(p);
}

static void flush_queue(struct proc *p)
{
	uint8_t sent = 0;
	int rc = 0;

	while (sent < p->queued) {
		rc = channel_send(p->channel, (enum channel_type)p->queue[sent], NULL, 0, -1);
		if (rc < 0)
			break;
		sent++;
	}
	if (rc < 0 && rc != -EAGAIN)
		sent = p->queued; /* the worker has closed its end: nobody will ever read it */
	for (uint8_t i = sent; i < p->queued; i++)
		p->queue[i - sent] = p->queue[i];
	p->queued = (uint8_t)(p->queued - sent);
	if (p->queued)
		ev_io_start(p->loop, &p->writable);
	else
		ev_io_stop(p->loop, &p->writable);
}

static void writable_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct proc *p = container_of(w, struct proc, writable);

	flush_queue(p);
	if (p->queued == 0)
		p->ops->writable(p);
}

void proc_await_writable(struct proc *p)
{
	ev_io_start(p->loop, &p->writable);
}

void proc_tell(struct proc *p, enum channel_type t)
{
	if (p->channel < 0 || p->queued == ARRAY_LEN(p->queue))
		return;
	p->queue[p->queued++] = (uint8_t)t;
	flush_queue(p);
}

static void notify_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	struct proc *p = container_of(w, struct proc, notify_readable);
	struct notify_message m;

	if (notify_socket_receive(p->notify, &m) == 1 && m.ready)
		p->ops->notified(p);
}

void proc_watch(struct proc *p)
{
	static void (*const pipe_cb[2])(struct ev_loop *, ev_io *,
					int) = {[LOG_STDOUT] = stdout_cb, [LOG_STDERR] = stderr_cb};

	for (int i = 0; i < 2; i++) {
		ev_io_init(&p->pipe_readable[i], pipe_cb[i], p->pipes[i], EV_READ);
		if (p->pipes[i] >= 0 && fd_set_nonblock(p->pipes[i], true) == 0)
			ev_io_start(p->loop, &p->pipe_readable[i]);
	}
	ev_io_init(&p->readable, channel_cb, p->channel, EV_READ);
	ev_io_init(&p->writable, writable_cb, p->channel, EV_WRITE);
	if (p->channel >= 0)
		ev_io_start(p->loop, &p->readable);
	if (p->queued)
		ev_io_start(p->loop, &p->writable);
	ev_io_init(&p->notify_readable, notify_cb, p->notify, EV_READ);
	if (p->notify >= 0)
		ev_io_start(p->loop, &p->notify_readable);
}

void proc_unwatch(struct proc *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->pipes[i] < 0)
			continue;
		/* A pipe holds 64 KiB by default (pipe(7)): the last words of the process. */
		pipe_read(p, i, READS_PER_TURN);
		if (p->pipes[i] >= 0)
			pipe_close(p, i);
	}
	ev_io_stop(p->loop, &p->readable);
	ev_io_stop(p->loop, &p->writable);
	ev_io_stop(p->loop, &p->notify_readable);
	p->queued = 0;
	fd_close(&p->channel);
	fd_close(&p->notify);
}
