/* The supervisor across execve: cohorts, processes, parked connections. */
#include "daemon/master/cohort.h"
#include "daemon/master/handoff.h"
#include "daemon/master/json_text.h"
#include "daemon/master/parked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a program wrote before it ended may be any bytes. */
static json_t *text(const char *s)
{
	return s ? json_text(s, strlen(s)) : NULL;
}

static json_t *cohort_save(const struct cohort *c)
{
	return json_pack("{s:I, s:b, s:b, s:b, s:o?, s:o?, s:o?, s:o?, s:i}", "number",
			 (json_int_t)c->number, "ready", (int)c->ready, "failed", (int)c->failed,
			 "draining", (int)c->draining, "stage", text(c->error.stage), "message",
			 text(c->error.message), "file", text(c->error.file), "detail",
			 text(c->error.detail), "line", (int)c->error.line);
}

/* json_unpack() has no optional null. */
static char *copy(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? strdup(s) : NULL;
}

static void cohort_restore(struct supervisor *s, const json_t *j)
{
	int ready = 0, failed = 0, draining = 0, line = 0;
	struct cohort *c;
	json_int_t number;

	if (json_unpack((json_t *)j, "{s:I, s?b, s?b, s?b, s?i}", "number", &number, "ready",
			&ready, "failed", &failed, "draining", &draining, "line", &line) < 0)
		return;
	c = cohort_add(s, (uint64_t)number);
	if (!c)
		return;
	c->ready = ready;
	c->failed = failed;
	c->draining = draining;
	c->error = (struct worker_error){.stage = copy(j, "stage"),
					 .message = copy(j, "message"),
					 .file = copy(j, "file"),
					 .detail = copy(j, "detail"),
					 .line = (uint32_t)line};
}

json_t *supervisor_save(const struct supervisor *s, struct handoff_fds *fds)
{
	json_t *cohorts = json_array(), *procs = json_array();

	list_for_each(c, &s->cohorts, struct cohort, link)
		json_array_append_new(cohorts, cohort_save(c));
	list_for_each(p, &s->procs, struct proc, link)
		json_array_append_new(procs, proc_save(p, fds));
	return json_pack("{s:o, s:o, s:o}", "cohorts", cohorts, "procs", procs, "parked",
			 parked_save(&s->parked, fds));
}

int supervisor_restore(struct supervisor *s, const json_t *state, struct handoff_fds *fds)
{
	const json_t *one;
	size_t i;

	if (!json_is_object(state))
		return -EBADMSG;
	json_array_foreach(json_object_get(state, "cohorts"), i, one) cohort_restore(s, one);
	json_array_foreach(json_object_get(state, "procs"), i, one)
	{
		struct proc *p =
			proc_restore(one, fds, s->loop, s->output, supervisor_proc_ops(), s);

		if (p)
			list_push_back(&s->procs, &p->link);
	}
	parked_restore(&s->parked, json_object_get(state, "parked"), fds);
	supervisor_arm(s);
	return 0;
}
