/* What time does to workers: limits that pass, restarts that fall due, commands that come to listen. */
#include "daemon/master/cohort.h"

#include "common/log.h"
#include "daemon/master/listener.h"
#include "daemon/master/ready_probe.h"

#include <stdio.h>
#include <sys/stat.h>

#define PROBE_INTERVAL 0.010 /* s */

void supervisor_arm(struct supervisor *s)
{
	struct mono first = {0};
	bool probing = false;
	double after;

	list_for_each(p, &s->procs, struct proc, link) {
		struct mono times[] = {p->deadline, p->ready_at};

		for (size_t i = 0; i < ARRAY_LEN(times); i++) {
			if (mono_is_set(times[i]) &&
			    (!mono_is_set(first) || mono_before(times[i], first)))
				first = times[i];
		}
		probing |= p->kind == PROC_COMMAND && p->state == PROC_BOOTING &&
			   s->start.config->ready == READY_AUTO;
	}
	ev_timer_stop(s->loop, &s->deadlines);
	if (mono_is_set(first)) {
		after = mono_diff_ms(first, mono_now()) / 1000;
		ev_now_update(s->loop);
		ev_timer_set(&s->deadlines, after > 0 ? after : 0., 0.);
		ev_timer_start(s->loop, &s->deadlines);
	}
	if (!probing)
		ev_timer_stop(s->loop, &s->probe);
	else if (!ev_is_active(&s->probe))
		ev_timer_again(s->loop, &s->probe);
}

static void deadline_passed(struct supervisor *s, struct proc *p)
{
	struct cohort *c = cohort_find(s, p->generation);
	char message[128];

	p->deadline = (struct mono){0};
	switch (p->state) {
	case PROC_WAITING:
		supervisor_start_proc(s, p);
		break;
	case PROC_BOOTING:
		if (p->unborn) {
			supervisor_overdue(s, p);
			break;
		}
		if (p->start_error < 0) {
			supervisor_not_started(s, p);
			break;
		}
		snprintf(message, sizeof(message), "worker %u was not ready within %.3g s", p->slot,
			 (double)s->start.config->ready_timeout_ms / 1000);
		log_warn("worker %llu.%u: %s; killing it", (unsigned long long)p->generation,
			 p->slot, message);
		proc_kill(p);
		if (c)
			supervisor_fail_text(s, c, "ready", message);
		break;
	case PROC_DRAINING:
		if (p->pid == 0) {
			supervisor_remove(s, p);
			break;
		}
		log_warn("worker %llu.%u: not done within the drain time; killing it",
			 (unsigned long long)p->generation, p->slot);
		proc_kill(p);
		break;
	case PROC_READY:
		break;
	}
}

static void deadlines_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct supervisor *s = container_of(w, struct supervisor, deadlines);
	struct mono now = mono_now();

	list_for_each(p, &s->procs, struct proc, link) {
		if (mono_is_set(p->ready_at) && !mono_before(now, p->ready_at))
			supervisor_ready(s, p);
		else if (mono_is_set(p->deadline) && !mono_before(now, p->deadline))
			deadline_passed(s, p);
	}
	supervisor_arm(s);
}

/* Looks whether commands that boot listen by now. */
static void probe_cb(struct ev_loop *loop BB_UNUSED, ev_timer *w, int revents BB_UNUSED)
{
	struct supervisor *s = container_of(w, struct supervisor, probe);
	size_t count = listeners_count(s->start.listeners);
	ino_t inodes[64];
	size_t n = 0;

	for (size_t i = 0; i < count && n < ARRAY_LEN(inodes); i++) {
		struct stat st;

		if (fstat(listeners_fd(s->start.listeners, i), &st) == 0)
			inodes[n++] = st.st_ino;
	}
	list_for_each(p, &s->procs, struct proc, link) {
		if (p->kind == PROC_COMMAND && p->state == PROC_BOOTING &&
		    ready_probe(p->pid, inodes, n))
			supervisor_ready(s, p);
	}
}

void supervisor_clock_init(struct supervisor *s)
{
	ev_timer_init(&s->deadlines, deadlines_cb, 0., 0.);
	ev_timer_init(&s->probe, probe_cb, 0., PROBE_INTERVAL);
}
