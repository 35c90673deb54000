/* The daemon's standard output and error: marked lines, bounded, never blocking. */
#include "daemon/master/output.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_MAX      (256 * 1024) /* bytes that wait for a terminal that is stopped */
#define CHUNK	       4096	    /* PIPE_BUF: what a writable pipe takes without blocking */
#define LINE_MAX_BYTES (64 * 1024)  /* a longer line is cut into lines */

struct sink {
	struct output *output;
	int fd;
	ev_io writable;
	struct buf queue;
	uint64_t dropped;		  /* lines */
	const struct output_source *open; /* whose unfinished line is on the terminal */
};

struct output {
	struct ev_loop *loop;
	struct logbook *book;
	bool interactive;
	struct sink sinks[2]; /* by enum log_stream */
	void (*added)(void *owner);
	void *added_owner;
	output_written_fn *written;
	void *written_owner;
};

static bool is_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLERR | POLLHUP));
}

/* The first n bytes of the queue have left it, or never will. */
static void sink_written(struct sink *s, size_t n, bool failed)
{
	struct output *o = s->output;

	if (!failed && o->written)
		o->written(o->written_owner, buf_data(&s->queue), n);
	buf_consume(&s->queue, n);
}

/* Writes what the descriptor takes now. A reader that is gone takes everything. */
static void sink_flush(struct sink *s)
{
	while (buf_len(&s->queue) && is_writable(s->fd)) {
		size_t n = buf_len(&s->queue) < CHUNK ? buf_len(&s->queue) : CHUNK;
		ssize_t w = write(s->fd, buf_data(&s->queue), n);

		if (w < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		sink_written(s, w < 0 ? buf_len(&s->queue) : (size_t)w, w < 0);
	}
	if (buf_len(&s->queue) == 0) {
		buf_trim(&s->queue);
		ev_io_stop(s->output->loop, &s->writable);
	} else {
		ev_io_start(s->output->loop, &s->writable);
	}
}

static void sink_writable_cb(struct ev_loop *loop BB_UNUSED, ev_io *w, int revents BB_UNUSED)
{
	sink_flush(container_of(w, struct sink, writable));
}

/* Queues all pieces or none, so that lines stay whole. */
static void sink_put(struct sink *s, const char *mark, const char *data, size_t len, bool newline)
{
	size_t before = buf_len(&s->queue);
	int rc = 0;

	if (s->dropped) {
		rc = buf_printf(&s->queue,
				"blackbulld: %llu lines dropped, the reader is too slow\n",
				(unsigned long long)s->dropped);
		if (rc == 0)
			s->dropped = 0;
	}
	if (rc == 0 && buf_len(&s->queue) + strlen(mark) + len + 1 > QUEUE_MAX)
		rc = -ENOBUFS;
	if (rc == 0)
		rc = buf_add_str(&s->queue, mark);
	if (rc == 0)
		rc = buf_add(&s->queue, data, len);
	if (rc == 0 && newline)
		rc = buf_add(&s->queue, "\n", 1);
	if (rc < 0)
		s->dropped++;
	if (before == 0 || rc < 0)
		sink_flush(s);
}

/* Ends somebody else's unfinished line before another one begins. */
static void sink_break_line(struct sink *s)
{
	if (s->open)
		sink_put(s, "", "\n", 1, false);
	s->open = NULL;
}

struct output *output_create(struct ev_loop *loop, struct logbook *book, int out_fd, int err_fd)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->loop = loop;
	o->book = book;
	for (int i = 0; i < 2; i++) {
		struct sink *s = &o->sinks[i];

		s->output = o;
		s->fd = i == LOG_STDOUT ? out_fd : err_fd;
		buf_init(&s->queue, QUEUE_MAX + CHUNK);
		ev_io_init(&s->writable, sink_writable_cb, s->fd, EV_WRITE);
	}
	return o;
}

void output_destroy(struct output *o)
{
	if (!o)
		return;
	for (int i = 0; i < 2; i++) {
		sink_flush(&o->sinks[i]);
		ev_io_stop(o->loop, &o->sinks[i].writable);
		buf_finish(&o->sinks[i].queue);
	}
	free(o);
}

void output_log(void *output, const char *line, size_t len)
{
	struct output *o = output;
	int err = errno;

	sink_break_line(&o->sinks[LOG_STDERR]);
	sink_put(&o->sinks[LOG_STDERR], "", line, len, false);
	errno = err;
}

void output_set_interactive(struct output *o, bool on)
{
	o->interactive = on;
}

void output_on_written(struct output *o, output_written_fn *written, void *owner)
{
	o->written = written;
	o->written_owner = owner;
}

void output_on_lines(struct output *o, void (*added)(void *owner), void *owner)
{
	o->added = added;
	o->added_owner = owner;
}

void output_source_init(struct output_source *s, uint64_t generation, uint32_t slot,
			enum log_stream stream)
{
	*s = (struct output_source){.generation = generation, .slot = slot, .stream = stream};
	buf_init(&s->partial, LINE_MAX_BYTES);
}

void output_source_finish(struct output_source *s)
{
	buf_finish(&s->partial);
}

static const char *mark_of(const struct output_source *s, char *out, size_t size)
{
	if (s->slot == OUTPUT_SLOT_BUILD)
		snprintf(out, size, "%llu.build | ", (unsigned long long)s->generation);
	else if (s->slot == OUTPUT_SLOT_NURSERY)
		snprintf(out, size, "nursery | ");
	else
		snprintf(out, size, "%llu.%u | ", (unsigned long long)s->generation, s->slot);
	return out;
}

/* The line in `partial` is whole: show what is not shown yet, keep it in the book. */
static void finish_line(struct output *o, struct output_source *s)
{
	struct sink *sink = &o->sinks[s->stream];
	size_t len = buf_len(&s->partial);
	const char *data = buf_data(&s->partial);
	char mark[40];

	if (sink->open == s) {
		sink_put(sink, "", data + s->shown, len - s->shown, true);
		sink->open = NULL;
	} else {
		sink_break_line(sink);
		sink_put(sink, mark_of(s, mark, sizeof(mark)), len ? data : "", len, true);
	}
	logbook_add(o->book, s->generation, s->slot, s->stream, len ? data : "", len);
	buf_consume(&s->partial, len);
	s->shown = 0;
}

/* Shows the part of an unfinished line that came last. */
static void show_partial(struct output *o, struct output_source *s)
{
	struct sink *sink = &o->sinks[s->stream];
	size_t len = buf_len(&s->partial);
	char mark[40];

	if (len == s->shown)
		return;
	if (sink->open != s) {
		sink_break_line(sink);
		s->shown = 0;
		sink_put(sink, mark_of(s, mark, sizeof(mark)), "", 0, false);
		sink->open = s;
	}
	sink_put(sink, "", buf_data(&s->partial) + s->shown, len - s->shown, false);
	s->shown = len;
}

/* Adds bytes without a newline; a line that would be too long is ended first. */
static void add_partial(struct output *o, struct output_source *s, const char *data, size_t len)
{
	while (len) {
		size_t room = LINE_MAX_BYTES - buf_len(&s->partial);
		size_t n = len < room ? len : room;

		if (n == 0) {
			finish_line(o, s);
			continue;
		}
		if (buf_add(&s->partial, data, n) < 0)
			return;
		data += n;
		len -= n;
	}
}

void output_feed(struct output *o, struct output_source *s, const char *data, size_t len)
{
	bool lines = false;

	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;

		add_partial(o, s, data, n);
		if (nl) {
			finish_line(o, s);
			lines = true;
			n++;
		}
		data += n;
		len -= n;
	}
	if (o->interactive)
		show_partial(o, s);
	if (lines && o->added)
		o->added(o->added_owner);
}

void output_end(struct output *o, struct output_source *s)
{
	if (buf_len(&s->partial)) {
		finish_line(o, s);
		if (o->added)
			o->added(o->added_owner);
	}
	if (o->sinks[s->stream].open == s)
		o->sinks[s->stream].open = NULL;
}
