/* The nursery across execve, and as `status` shows it. */
#include "daemon/master/nursery_core.h"

#include "daemon/ipc/nursery_message.h"
#include "daemon/master/handoff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *nursery_to_json(const struct nursery *n)
{
	const struct nursery_policy *p = &n->policy;
	enum nursery_state state =
		p->suspected && p->state == NURSERY_WARM ? NURSERY_COLD : p->state;

	return json_pack("{s:s, s:I, s:o}", "state", nursery_state_name(state), "modules",
			 (json_int_t)n->modules, "reason",
			 p->reason[0] ? json_string(p->reason) : json_null());
}

json_t *nursery_save(const struct nursery *n, struct handoff_fds *fds)
{
	const struct nursery_policy *p = &n->policy;

	return json_pack("{s:i, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:s, s:s?, s:I, s:I, s:s, "
			 "s:b, s:o?}",
			 "state", (int)p->state, "possible", (int)p->possible, "forbidden",
			 (int)p->forbidden, "over", (int)p->over, "outdated", (int)p->outdated,
			 "bare", (int)p->bare, "suspected", (int)p->suspected, "tries", p->tries,
			 "mishaps", p->mishaps, "reason", p->reason, "premises", n->premises,
			 "modules", (json_int_t)n->modules, "token", (json_int_t)n->token,
			 "without", n->without, "known", (int)p->known, "proc",
			 n->proc ? proc_save(n->proc, fds) : NULL);
}

/* The three parts of the list, each with its length before it. */
static int save_part(const struct buf *part, struct buf *out)
{
	return texts_add(out, buf_data(part), buf_len(part));
}

int nursery_save_list(const struct nursery *n, struct buf *out)
{
	int err = save_part(&n->list.whole, out);

	if (!err)
		err = save_part(&n->list.more, out);
	if (!err)
		err = save_part(&n->list.excluded, out);
	return err;
}

static int restore_part(struct reader *r, struct buf *part)
{
	const char *data;
	size_t len;

	if (texts_next(r, &data, &len) != 1)
		return -1;
	return len ? buf_add(part, data, len) : 0;
}

static bool restore_list(struct nursery_list *l, const void *data, size_t len)
{
	struct reader r;

	reader_init(&r, data, len);
	return restore_part(&r, &l->whole) == 0 && restore_part(&r, &l->more) == 0 &&
	       restore_part(&r, &l->excluded) == 0;
}

static void restore_policy(struct nursery_policy *p, const json_t *j)
{
	int state = NURSERY_OFF, possible = 0, forbidden = 0, over = 0, outdated = 0, bare = 0;
	int suspected = 0, known = 0;
	const char *reason = "";

	if (json_unpack((json_t *)j, "{s:i, s?b, s?b, s?b, s?b, s?b, s?b, s?i, s?i, s?s, s?b}",
			"state", &state, "possible", &possible, "forbidden", &forbidden, "over",
			&over, "outdated", &outdated, "bare", &bare, "suspected", &suspected,
			"tries", &p->tries, "mishaps", &p->mishaps, "reason", &reason, "known",
			&known) < 0 ||
	    state < 0 || state > NURSERY_WARM)
		return;
	p->state = (enum nursery_state)state;
	p->possible = possible;
	p->forbidden = forbidden;
	p->over = over;
	p->outdated = outdated;
	p->bare = bare;
	p->suspected = suspected;
	p->known = known;
	snprintf(p->reason, sizeof(p->reason), "%s", reason);
}

/* A process that cannot be taken over ends by itself: its channel is closed. */
static void restore_process(struct nursery *n, const json_t *j, struct handoff_fds *fds)
{
	n->proc = json_is_object(j)
			  ? proc_restore(j, fds, n->loop, n->output, nursery_proc_ops(), n)
			  : NULL;
	if (!n->proc && nursery_policy_keeps(&n->policy))
		nursery_tell(n, NURSERY_EV_DIED, "it was lost when the daemon was executed anew");
	else if (n->policy.state == NURSERY_WARMING)
		nursery_limit(n);
}

void nursery_restore(struct nursery *n, const json_t *state, const void *list, size_t len,
		     struct handoff_fds *fds)
{
	const char *premises = json_string_value(json_object_get(state, "premises"));
	json_int_t modules = 0, token = 0;
	const char *without = "";

	if (json_unpack((json_t *)state, "{s?I, s?I, s?s}", "modules", &modules, "token", &token,
			"without", &without) < 0)
		return;
	restore_policy(&n->policy, state);
	if (!restore_list(&n->list, list, len))
		n->policy.known = false;
	n->list.known = n->policy.known && !n->policy.forbidden;
	n->premises = premises ? strdup(premises) : NULL;
	n->modules = (uint32_t)modules;
	n->token = (uint64_t)token;
	snprintf(n->without, sizeof(n->without), "%s", without);
	restore_process(n, json_object_get(state, "proc"), fds);
}
