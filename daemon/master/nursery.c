/* The nursery: what happens to it, and what becomes of that. */
#include "daemon/master/nursery.h"

#include "common/fd.h"
#include "common/log.h"
#include "daemon/ipc/channel.h"
#include "daemon/ipc/nursery_message.h"
#include "daemon/master/nursery_core.h"
#include "daemon/master/worker_failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON 0.1 /* s: first requests come first, and so does what the generation has to tell */

void nursery_tell(struct nursery *n, enum nursery_event event, const char *why)
{
	nursery_policy_apply(&n->policy, event, why);
	ev_feed_event(n->loop, &n->settle, EV_CUSTOM);
}

static void settle_cb(struct ev_loop *loop, ev_timer *w, int revents BB_UNUSED)
{
	struct nursery *n = container_of(w, struct nursery, settle);

	if (n->proc && !nursery_policy_keeps(&n->policy))
		nursery_end(n);
	if (n->proc || !nursery_policy_starts(&n->policy))
		ev_timer_stop(loop, &n->soon);
	else if (!ev_is_active(&n->soon)) {
		ev_timer_set(&n->soon, SOON, 0.);
		ev_timer_start(loop, &n->soon);
	}
}

static void soon_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	nursery_start(container_of(w, struct nursery, soon));
}

static void limit_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct nursery *n = container_of(w, struct nursery, limit);

	log_warn("nursery: it takes too long to become warm; ending it");
	nursery_tell(n, NURSERY_EV_DIED, "it took too long to become warm");
}

int nursery_create(struct nursery **out, struct ev_loop *loop, struct output *output)
{
	struct nursery *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->loop = loop;
	n->output = output;
	nursery_policy_init(&n->policy);
	nursery_list_init(&n->list);
	ev_init(&n->settle, settle_cb);
	ev_init(&n->soon, soon_cb);
	ev_init(&n->limit, limit_cb);
	*out = n;
	return 0;
}

void nursery_destroy(struct nursery *n)
{
	if (!n)
		return;
	nursery_end(n);
	ev_timer_stop(n->loop, &n->soon);
	ev_clear_pending(n->loop, &n->settle);
	nursery_list_finish(&n->list);
	free(n->premises);
	free(n);
}

void nursery_set_refused(struct nursery *n, nursery_refused_fn *refused, void *owner)
{
	n->refused = refused;
	n->owner = owner;
}

/* Everything that a nursery is made for, besides what is imported. */
static char *premises_of(const struct config *c, const char *exec_path)
{
	struct buf b;
	char *text = NULL;
	int err;

	buf_init(&b, SIZE_MAX);
	err = buf_printf(&b, "%s\n%s\n%s", c->python, exec_path, c->app_dir ? c->app_dir : "");
	for (size_t i = 0; i < c->reload_paths.len && !err; i++)
		err = buf_printf(&b, "\n%s", c->reload_paths.v[i]);
	if (!err)
		text = strndup(buf_data(&b), buf_len(&b));
	buf_finish(&b);
	return text;
}

/* What was learnt, was learnt of something else. */
static void forget(struct nursery *n)
{
	nursery_list_finish(&n->list);
	nursery_list_init(&n->list);
	n->without[0] = '\0';
	nursery_tell(n, NURSERY_EV_FORGOTTEN, "no generation has served yet");
}

void nursery_configure(struct nursery *n, const struct config *c, const char *exec_path)
{
	char *premises;

	n->start = (struct proc_start){.config = c, .exec_path = exec_path};
	if (c->kind != TARGET_APP || !c->reload) {
		nursery_tell(n, NURSERY_EV_IMPOSSIBLE,
			     c->reload ? "only for applications" : "only with --reload");
		return;
	}
	premises = premises_of(c, exec_path);
	if (!premises || !n->premises || strcmp(premises, n->premises) != 0)
		forget(n);
	free(n->premises);
	n->premises = premises;
	nursery_tell(n, NURSERY_EV_POSSIBLE, NULL);
}

void nursery_stop(struct nursery *n)
{
	nursery_tell(n, NURSERY_EV_IMPOSSIBLE, "the daemon stops");
}

void nursery_busy(struct nursery *n)
{
	nursery_tell(n, NURSERY_EV_BUSY, NULL);
}

void nursery_idle(struct nursery *n)
{
	nursery_tell(n, NURSERY_EV_IDLE, NULL);
}

void nursery_learn(struct nursery *n, uint64_t generation, const void *body, size_t len)
{
	char why[sizeof(n->policy.reason)];

	switch (nursery_list_learn(&n->list, generation, body, len, why, sizeof(why))) {
	case NEWS_STEPS:
		nursery_tell(n, NURSERY_EV_LEARNT, NULL);
		break;
	case NEWS_FORBIDDEN:
		nursery_tell(n, NURSERY_EV_FORBIDDEN, why);
		break;
	default:
		break;
	}
}

int nursery_spawn(struct nursery *n, const int *fds, size_t nfds, uint64_t *token)
{
	struct nursery_spawn spawn = {.token = n->token + 1, .master = (uint32_t)getpid()};
	struct buf body;
	int err;

	if (!n->proc || !nursery_policy_bears(&n->policy) || nfds > FD_PASS_MAX)
		return -EAGAIN;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	err = nursery_spawn_encode(&spawn, &body);
	if (!err)
		err = channel_send_fds(n->proc->channel, CHANNEL_SPAWN, buf_data(&body),
				       buf_len(&body), fds, nfds);
	buf_finish(&body);
	if (!err)
		*token = n->token = spawn.token;
	return err;
}

void nursery_listen(struct nursery *n)
{
	if (n->proc)
		proc_last_words(n->proc);
}

void nursery_served(struct nursery *n)
{
	nursery_tell(n, NURSERY_EV_SERVED, NULL);
}

void nursery_discard(struct nursery *n, const char *why)
{
	nursery_tell(n, NURSERY_EV_REFUSED, why);
}

void nursery_suspect(struct nursery *n, const char *why)
{
	nursery_tell(n, NURSERY_EV_SUSPECT, why);
}

void nursery_judge(struct nursery *n, enum nursery_verdict v)
{
	static const enum nursery_event events[] = {
		[NURSERY_INNOCENT] = NURSERY_EV_ACQUIT,
		[NURSERY_USELESS] = NURSERY_EV_REFUSED,
		[NURSERY_GUILTY] = NURSERY_EV_CONVICT,
	};

	nursery_tell(n, events[v], v == NURSERY_INNOCENT ? n->without : NULL);
}

bool nursery_exited(struct nursery *n, pid_t pid, int status)
{
	char how[96];

	if (!n || !n->proc || n->proc->pid != pid)
		return false;
	proc_last_words(n->proc);
	if (nursery_policy_keeps(&n->policy)) {
		worker_failure_describe(status, how, sizeof(how));
		log_warn("nursery: %s; workers start without it meanwhile", how);
		nursery_tell(n, NURSERY_EV_DIED, how);
	}
	proc_exited(n->proc);
	nursery_end(n);
	ev_feed_event(n->loop, &n->settle, EV_CUSTOM);
	return true;
}
