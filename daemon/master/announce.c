/* A generation's new state, told to everybody whom it concerns. */
#include "daemon/master/announce.h"

#include "common/log.h"
#include "daemon/master/background.h"
#include "daemon/master/events.h"
#include "daemon/master/generation.h"
#include "daemon/master/history.h"
#include "daemon/master/master.h"
#include "daemon/master/service_notify.h"
#include "daemon/master/waiters.h"

#include <string.h>
#include <unistd.h>

static void show_detail(const struct generation *g, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		log_error("generation %llu: %.*s", (unsigned long long)g->number, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void log_failure(const struct generation *g)
{
	const struct gen_error *e = g->error;

	/* What a process wrote before it ended was shown already; what a worker reported was not. */
	if (e && (strcmp(e->stage, "import") == 0 || strcmp(e->stage, "lifespan") == 0))
		show_detail(g, e->detail);
	if (e && e->file)
		log_error("generation %llu failed: %s (%s:%u)", (unsigned long long)g->number,
			  e->message ? e->message : "", e->file, e->line);
	else
		log_error("generation %llu failed: %s", (unsigned long long)g->number,
			  e && e->message ? e->message : "");
}

static void log_state(const struct generation *g)
{
	if (g->superseded)
		log_info("generation %llu: superseded by a newer change",
			 (unsigned long long)g->number);
	else if (g->state == GEN_FAILED)
		log_failure(g);
	else if (g->state == GEN_SERVING)
		log_info("generation %llu serving after %.1f ms", (unsigned long long)g->number,
			 mono_diff_ms(g->entered[GEN_SERVING], g->detected));
	else
		log_info("generation %llu: %s", (unsigned long long)g->number,
			 gen_state_name(g->state));
}

/* Whoever started a daemon in the background has waited for this. */
static void let_go(const struct master *m)
{
	if (!background_is_awaited(m->background))
		return;
	log_info("in the background as pid %d; log: %s", (int)getpid(),
		 background_log_path(m->background));
	background_serving(m->background);
}

void announce_generation(struct master *m, const struct generation *g)
{
	log_state(g);
	events_emit(m->events, "generation",
		    json_pack("{s:o}", "generation", generation_to_json(g)));
	if (gen_is_settled(g->state) && g->state != GEN_DRAINING)
		history_record(m->history, g);
	service_notify_generation(m->service, g);
	waiters_notify(m, g);
	if (g->state == GEN_SERVING)
		let_go(m);
}
