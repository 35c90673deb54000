/* Signals of the master. */
#include "daemon/master/signals.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>

struct signals {
	struct ev_loop *loop;
	const struct signals_ops *ops;
	void *owner;
	ev_signal term, interrupt, hangup, user1, child;
};

static void term_cb(struct ev_loop *loop BB_UNUSED, ev_signal *w, int revents BB_UNUSED)
{
	struct signals *s = container_of(w, struct signals, term);

	s->ops->stop(s->owner);
}

static void interrupt_cb(struct ev_loop *loop BB_UNUSED, ev_signal *w, int revents BB_UNUSED)
{
	struct signals *s = container_of(w, struct signals, interrupt);

	s->ops->stop(s->owner);
}

static void hangup_cb(struct ev_loop *loop BB_UNUSED, ev_signal *w, int revents BB_UNUSED)
{
	struct signals *s = container_of(w, struct signals, hangup);

	s->ops->reload(s->owner);
}

static void user1_cb(struct ev_loop *loop BB_UNUSED, ev_signal *w, int revents BB_UNUSED)
{
	struct signals *s = container_of(w, struct signals, user1);

	s->ops->reopen(s->owner);
}

static void child_cb(struct ev_loop *loop BB_UNUSED, ev_signal *w, int revents BB_UNUSED)
{
	struct signals *s = container_of(w, struct signals, child);

	s->ops->child_exited(s->owner);
}

struct signals *signals_create(struct ev_loop *loop, const struct signals_ops *ops, void *owner)
{
	struct signals *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = loop;
	s->ops = ops;
	s->owner = owner;
	/* What we were started with may be anything: an ignored SIGCHLD would make children vanish. */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, sig == SIGPIPE ? SIG_IGN : SIG_DFL);
	ev_signal_init(&s->term, term_cb, SIGTERM);
	ev_signal_init(&s->interrupt, interrupt_cb, SIGINT);
	ev_signal_init(&s->hangup, hangup_cb, SIGHUP);
	ev_signal_init(&s->user1, user1_cb, SIGUSR1);
	ev_signal_init(&s->child, child_cb, SIGCHLD);
	return s;
}

void signals_start(struct signals *s)
{
	sigset_t none;

	ev_signal_start(s->loop, &s->term);
	ev_signal_start(s->loop, &s->interrupt);
	ev_signal_start(s->loop, &s->hangup);
	ev_signal_start(s->loop, &s->user1);
	ev_signal_start(s->loop, &s->child);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_destroy(struct signals *s)
{
	if (!s)
		return;
	ev_signal_stop(s->loop, &s->term);
	ev_signal_stop(s->loop, &s->interrupt);
	ev_signal_stop(s->loop, &s->hangup);
	ev_signal_stop(s->loop, &s->user1);
	ev_signal_stop(s->loop, &s->child);
	free(s);
}
