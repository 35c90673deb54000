/* What waiters leave to the next image, and the ids by which a repeated request is known. */
#include "daemon/master/waiter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t waiters_find_id(const struct waiters *w, const char *id)
{
	for (size_t i = 0; i < IDS_KEPT; i++)
		if (w->ids[i].id && strcmp(w->ids[i].id, id) == 0)
			return w->ids[i].number;
	return 0;
}

void waiters_keep_id(struct waiters *w, const char *id, uint64_t number)
{
	if (waiters_find_id(w, id))
		return;

	char *copy = strdup(id);

	if (!copy)
		return;
	free(w->ids[w->next_id].id);
	w->ids[w->next_id] = (struct known_id){copy, number};
	w->next_id = (w->next_id + 1) % IDS_KEPT;
}

static json_t *peer_to_json(const struct admin_peer *p)
{
	return json_pack("[I, I, I, I]", (json_int_t)p->conn, (json_int_t)p->request,
			 (json_int_t)p->uid, (json_int_t)p->pid);
}

static bool peer_from_json(const json_t *j, struct admin_peer *p)
{
	json_int_t conn, request, uid, pid;

	if (json_unpack((json_t *)j, "[I, I, I, I]", &conn, &request, &uid, &pid) < 0)
		return false;
	*p = (struct admin_peer){(uint64_t)conn, (uint32_t)request, (uid_t)uid, (pid_t)pid};
	return true;
}

static json_t *save_waiting(const struct waiters *w)
{
	json_t *out = json_array();

	list_for_each(one, &w->waiting, struct waiter, link)
		json_array_append_new(out, json_pack("{s:o, s:I, s:i, s:b, s:b}", "peer",
						     peer_to_json(&one->peer), "number",
						     (json_int_t)one->number, "until",
						     (int)one->until, "follow", (int)one->follow,
						     "next", (int)one->next));
	return out;
}

static json_t *save_deferred(const struct waiters *w)
{
	json_t *out = json_array();

	list_for_each(d, &w->deferred, struct deferred, link)
		json_array_append_new(out,
				      json_pack("{s:o, s:s, s:O}", "peer", peer_to_json(&d->peer),
						"op", d->op, "args", d->args));
	return out;
}

/* Oldest first. */
static json_t *save_ids(const struct waiters *w)
{
	json_t *out = json_array();

	for (size_t i = 0; i < IDS_KEPT; i++) {
		const struct known_id *k = &w->ids[(w->next_id + i) % IDS_KEPT];

		if (k->id)
			json_array_append_new(out,
					      json_pack("[s, I]", k->id, (json_int_t)k->number));
	}
	return out;
}

json_t *waiters_save(const struct waiters *w)
{
	return json_pack("{s:o, s:o, s:o}", "waiting", save_waiting(w), "deferred",
			 save_deferred(w), "ids", save_ids(w));
}

static int restore_waiting(struct waiters *w, const json_t *j)
{
	struct waiter one = {0};
	json_int_t number = 0;
	int until = 0, follow = 0, next = 0;

	if (json_unpack((json_t *)j, "{s:I, s:i, s?b, s?b}", "number", &number, "until", &until,
			"follow", &follow, "next", &next) < 0 ||
	    !peer_from_json(json_object_get(j, "peer"), &one.peer) || number < 0 || until < 0 ||
	    until > WAIT_IDLE)
		return 0;
	one.number = (uint64_t)number;
	one.until = (enum wait_until)until;
	one.follow = follow;
	one.next = next;
	return waiter_keep(w, &one) ? 0 : -ENOMEM;
}

static int restore_deferred(struct waiters *w, const json_t *j)
{
	struct admin_peer peer;
	const char *op = json_string_value(json_object_get(j, "op"));
	json_t *args = json_object_get(j, "args");

	if (!op || !json_is_object(args) || !peer_from_json(json_object_get(j, "peer"), &peer))
		return 0;
	return deferred_keep(w, &peer, op, args) ? 0 : -ENOMEM;
}

static void restore_id(struct waiters *w, const json_t *j)
{
	const char *id;
	json_int_t number;

	if (json_unpack((json_t *)j, "[s, I]", &id, &number) == 0 && number > 0)
		waiters_keep_id(w, id, (uint64_t)number);
}

int waiters_restore(struct waiters *w, const json_t *state)
{
	size_t i;
	json_t *entry;
	int err = 0;

	if (!json_is_object(state))
		return -EBADMSG;
	json_array_foreach(json_object_get(state, "waiting"), i, entry) err =
		err ? err : restore_waiting(w, entry);
	json_array_foreach(json_object_get(state, "deferred"), i, entry) err =
		err ? err : restore_deferred(w, entry);
	json_array_foreach(json_object_get(state, "ids"), i, entry) restore_id(w, entry);
	return err;
}
