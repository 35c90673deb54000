/* The nursery's process: started, listened to, ended. */
#include "daemon/master/nursery_core.h"

#include "common/log.h"
#include "common/str.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_LIMIT 60. /* s */

void nursery_end(struct nursery *n)
{
	if (!n->proc)
		return;
	ev_timer_stop(n->loop, &n->limit);
	proc_kill(n->proc); /* its exit finds nobody who knows it */
	proc_destroy(n->proc);
	n->proc = NULL;
	n->modules = 0;
}

static int add_step(struct buf *texts, char kind, const char *value)
{
	char *text = str_printf("%c%s", kind, value);
	int err = text ? texts_add(texts, text, strlen(text)) : -ENOMEM;

	free(text);
	return err;
}

/* What is the application's own comes first: whose modules must not be imported ahead. */
static int add_premises(const struct config *c, struct buf *texts)
{
	int err = 0;

	if (c->app_dir) {
		err = add_step(texts, STEP_USERS, c->app_dir);
		if (!err)
			err = add_step(texts, STEP_SHADOW, c->app_dir);
	}
	for (size_t i = 0; i < c->reload_paths.len && !err; i++)
		err = add_step(texts, STEP_USERS, c->reload_paths.v[i]);
	return err;
}

static int send_steps(void *arg, const void *body, size_t len)
{
	const struct proc *p = arg;

	return channel_send(p->channel, CHANNEL_PRELOAD, body, len, -1);
}

static int preload(struct nursery *n)
{
	struct buf texts;
	int err;

	buf_init(&texts, SIZE_MAX);
	err = add_premises(n->start.config, &texts);
	if (!err)
		err = nursery_list_compose(&n->list, n->policy.bare, &texts);
	if (!err)
		err = texts_send(buf_data(&texts), buf_len(&texts), 0, send_steps, n->proc);
	buf_finish(&texts);
	return err;
}

void nursery_limit(struct nursery *n)
{
	ev_timer_set(&n->limit, WARM_LIMIT, 0.);
	ev_timer_start(n->loop, &n->limit);
}

void nursery_start(struct nursery *n)
{
	char why[128];
	int err = -ENOMEM;

	n->proc = proc_create(n->loop, n->output, PROC_NURSERY, 0, OUTPUT_SLOT_NURSERY,
			      nursery_proc_ops(), n);
	nursery_tell(n, NURSERY_EV_STARTED, NULL);
	if (n->proc)
		err = proc_start(n->proc, &n->start);
	if (!err)
		err = preload(n);
	if (!err) {
		nursery_limit(n);
		return;
	}
	snprintf(why, sizeof(why), "it cannot be started: %s", strerror(-err));
	log_warn("nursery: %s", why);
	nursery_end(n);
	nursery_tell(n, NURSERY_EV_DIED, why);
}

/* --- what it says ---------------------------------------------------------------------------- */

static void warm(struct nursery *n, const struct channel_message *m)
{
	if (n->policy.state != NURSERY_WARMING ||
	    nursery_number_decode(m->body, m->len, &n->modules) < 0)
		return;
	ev_timer_stop(n->loop, &n->limit);
	log_info("nursery: warm, with %u modules", n->modules);
	nursery_tell(n, NURSERY_EV_WARM, n->without);
}

static void spoilt(struct nursery *n, const struct channel_message *m)
{
	struct reader names;
	const char *name;
	size_t len;
	char *why = NULL;

	if (nursery_why_decode(m->body, m->len, &why, &names) < 0)
		return;
	while (texts_next(&names, &name, &len) == 1) {
		if (nursery_list_exclude(&n->list, name, len) < 0)
			break;
	}
	/* Without a reason of its own: a module that needs one that is left out. */
	if (*why) {
		snprintf(n->without, sizeof(n->without), "%s", why);
		log_info("nursery: %s; leaving that to the workers", why);
	}
	nursery_tell(n, NURSERY_EV_SPOILT, n->without);
	free(why);
}

static void refused(struct nursery *n, const struct channel_message *m)
{
	uint64_t token;
	char *why = NULL;

	if (nursery_refused_decode(m->body, m->len, &token, &why) < 0)
		return;
	nursery_discard(n, why);
	n->refused(n->owner, token, why);
	free(why);
}

static void message(struct proc *p, const struct channel_message *m)
{
	struct nursery *n = p->owner;

	if (m->fd >= 0)
		close(m->fd);
	if (m->type == CHANNEL_WARM)
		warm(n, m);
	else if (m->type == CHANNEL_SPOILT)
		spoilt(n, m);
	else if (m->type == CHANNEL_REFUSED)
		refused(n, m);
}

static void nothing(struct proc *p BB_UNUSED) {}

const struct proc_ops *nursery_proc_ops(void)
{
	static const struct proc_ops ops = {
		.message = message, .notified = nothing, .writable = nothing, .stillborn = nothing};

	return &ops;
}
