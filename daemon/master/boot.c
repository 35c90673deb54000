/* The first image of the daemon, and the later ones. */
#include "daemon/master/boot.h"

#include "common/log.h"
#include "daemon/master/admin.h"
#include "daemon/master/admin_cmd.h"
#include "daemon/master/background.h"
#include "daemon/master/course.h"
#include "daemon/master/events.h"
#include "daemon/master/history.h"
#include "daemon/master/instance.h"
#include "daemon/master/listener.h"
#include "daemon/master/master.h"
#include "daemon/master/master_state.h"
#include "daemon/master/master_watch.h"
#include "daemon/master/nursery.h"
#include "daemon/master/orphans.h"
#include "daemon/master/salvage.h"
#include "daemon/master/signals.h"
#include "daemon/master/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static int make_boot_id(char out[33])
{
	unsigned char random[16];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(out + i * 2, 3, "%02x", random[i]);
	return 0;
}

static void announce(const struct master *m)
{
	const struct config *c = m->config;

	if (c->target_origin)
		log_info("%s: %s", c->target ? c->target : c->command.v[0], c->target_origin);
	for (size_t i = 0; i < listeners_count(m->listeners); i++)
		log_info("listening on %s", listeners_url(m->listeners, i));
}

static int open_admin(struct master *m)
{
	const char *path = instance_admin_path(m->instance);
	int rc;

	if (path) {
		rc = admin_create(&m->admin, m->loop, path, instance_events_path(m->instance),
				  events_ring(m->events), admin_cmd_handle, m);
		if (rc < 0) {
			log_error_errno(rc, "admin socket \"%s\"; choose another with --admin",
					path);
			return rc;
		}
	}
	return 0;
}

/* For those who look for us without asking. */
static void write_info(struct master *m)
{
	json_t *info = admin_cmd_info(m);
	int rc = instance_write_info(m->instance, info);

	json_decref(info);
	if (rc < 0)
		log_warn_errno(rc, "info.json in \"%s\"", instance_dir(m->instance));
}

/* From here on a daemon in the background writes to its own file. */
static int open_log(struct master *m, struct config_error *e)
{
	int rc = background_open_log(m->background, instance_dir(m->instance));

	if (rc < 0)
		snprintf(e->text, sizeof(e->text), "daemon.log in \"%.400s\": %s",
			 instance_dir(m->instance), strerror(-rc));
	return rc;
}

static int open_listeners(struct master *m, struct salvage *s, struct config_error *e)
{
	const struct strv *binds = &m->config->binds;

	if (!s->listeners)
		return listeners_open(&m->listeners, binds, e);
	return listeners_restore(&m->listeners, binds, s->listeners, &s->fds, e);
}

/* What had to wait for them goes on. */
static void orphans_gone(void *owner)
{
	struct master *m = owner;

	ev_feed_event(m->loop, &m->advance, EV_CUSTOM);
}

int boot_first(struct master *m, struct salvage *s)
{
	struct config_error e = {.text = ""};
	struct generation *g;
	int rc = make_boot_id(m->boot_id);

	m->started_at = wall_now();
	m->started = mono_now();
	if (rc == 0)
		rc = strv_copy(&m->config_roots, &m->config->reload_paths);
	if (rc == 0)
		rc = instance_open(&m->instance, m->config, &e);
	if (rc == 0)
		rc = open_log(m, &e);
	if (rc == 0)
		rc = open_listeners(m, s, &e);
	if (rc < 0) {
		log_error("%s", e.text[0] ? e.text : strerror(-rc));
		return rc;
	}
	announce(m);
	rc = history_open(&m->history, instance_dir(m->instance));
	if (rc == 0)
		rc = open_admin(m);
	if (rc == 0)
		rc = master_watch_start(m);
	if (rc < 0)
		return rc;
	supervisor_configure(m->supervisor, m->config, m->listeners, m->exec_path);
	nursery_configure(m->nursery, m->config, m->exec_path);
	m->next_number = history_last_number(m->history) + 1;
	g = generation_create(m->next_number++, GEN_START, m->started);
	if (!g)
		return -ENOMEM;
	list_push_back(&m->generations, &g->link);
	signals_start(m->signals);
	m->orphans = orphans_create(m->loop, m->supervisor, m->output, &s->channels, &s->pipes);
	orphans_on_gone(m->orphans, orphans_gone, m);
	course_boot(m, g);
	write_info(m);
	return 0;
}

/* The generation that asked for this image; a later one may be waiting already. */
static struct generation *handing_over(const struct master *m)
{
	list_for_each(g, &m->generations, struct generation, link) {
		if (g->state == GEN_HANDING_OVER)
			return g;
	}
	return NULL;
}

/* Boots it, unless its configuration is of no use. */
static void begin_generation(struct master *m, struct generation *g,
			     const struct config_error *config_error)
{
	struct worker_error e = {.stage = (char *)"configuration",
				 .message = (char *)config_error->text};

	if (e.message[0] == '\0')
		course_boot(m, g);
	else
		course_fail(m, g, &e);
}

int boot_again(struct master *m, const struct buf *state, struct config_error *config_error)
{
	struct generation *g;
	int rc = master_state_restore(m, state, config_error);

	if (rc < 0) {
		log_error_errno(rc, "the state of the image before cannot be used");
		return rc;
	}
	supervisor_configure(m->supervisor, m->config, m->listeners, m->exec_path);
	nursery_configure(m->nursery, m->config, m->exec_path);
	signals_start(m->signals);
	g = handing_over(m);
	if (g)
		begin_generation(m, g, config_error);
	write_info(m);
	course_advance(m);
	return 0;
}

void boot_salvage(struct master *m, struct salvage *s)
{
	struct strv binds = {0};

	m->degraded = true;
	log_error("the state of the image before cannot be read; going on with what it left open");
	if (listeners_effective(&m->config->binds, &binds) == 0)
		salvage(s, &binds);
	strv_finish(&binds);
}
