/* How each kind of worker is started: its command line, its descriptors, what it is told. */
#include "daemon/master/proc.h"

#include "common/fd.h"
#include "common/path.h"
#include "daemon/master/listener.h"
#include "daemon/master/notify_socket.h"
#include "daemon/master/nursery.h"
#include "daemon/master/socket_bind.h"
#include "daemon/master/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where worker.py is: beside the program in a build tree, or in the prefix's lib. */
static int find_worker_script(const char *exec_path, char *out, size_t size)
{
	static const char *const places[] = {"python/blackbulld/worker.py",
					     "../lib/blackbulld/python/blackbulld/worker.py"};
	char real[PATH_MAX];
	char *slash;

	if (!realpath(exec_path, real))
		return -errno;
	slash = strrchr(real, '/');
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (path_join(out, size, real, places[i]) == 0 && access(out, R_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

/* The roots as one ':'-separated string, or NULL. */
static char *join_roots(const struct config *c)
{
	struct buf b;
	char *joined = NULL;
	int rc = 0;

	if (!c->reload)
		return NULL;
	buf_init(&b, SIZE_MAX);
	for (size_t i = 0; i < c->reload_paths.len && rc == 0; i++)
		rc = buf_printf(&b, "%s%s", i ? ":" : "", c->reload_paths.v[i]);
	if (rc == 0 && buf_len(&b))
		joined = strndup(buf_data(&b), buf_len(&b));
	buf_finish(&b);
	return joined;
}

static enum worker_kind worker_kind_of(enum proc_kind kind)
{
	switch (kind) {
	case PROC_SITE:
		return WORKER_SITE;
	case PROC_ERROR:
		return WORKER_ERROR;
	case PROC_APP:
	case PROC_COMMAND:
	case PROC_NURSERY:
		break;
	}
	return WORKER_APP;
}

static const char *level_name(enum log_level l)
{
	static const char *const names[] = {[LOG_LEVEL_ERROR] = "error",
					    [LOG_LEVEL_WARN] = "warn",
					    [LOG_LEVEL_INFO] = "info",
					    [LOG_LEVEL_DEBUG] = "debug"};

	return names[l];
}

/* Tells a new worker what it is. */
static int send_config(struct proc *p, const struct proc_start *s)
{
	const struct config *c = s->config;
	struct worker_config wc = {
		.kind = worker_kind_of(p->kind),
		.generation = p->generation,
		.slot = p->slot,
		.workers = p->kind == PROC_ERROR ? 1 : c->workers,
		.listeners = (uint32_t)listeners_count(s->listeners),
		.reload = c->reload,
		.access_log = c->access_log,
		.debug_errors = c->reload,
		.drain_timeout_ms = c->drain_timeout_ms,
		.limits = c->limits,
		.target = c->target,
		.app_dir = c->app_dir,
		.interface = c->interface,
		.lifespan = c->lifespan,
		.root_path = c->root_path,
		.forwarded_allow_ips = c->forwarded_allow_ips,
		.log_level = (char *)level_name(c->log_level),
		.log_format = (char *)(c->log_format == LOG_FORMAT_JSON ? "json" : "text"),
	};
	struct buf body;
	int rc;

	if (s->error) {
		wc.error_stage = s->error->stage;
		wc.error_message = s->error->message;
		wc.error_file = s->error->file;
		wc.error_detail = s->error->detail;
		wc.error_line = s->error->line;
	}
	wc.watch_roots = join_roots(c);
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	rc = worker_config_encode(&wc, &body);
	if (rc == 0)
		rc = channel_send(p->channel, CHANNEL_CONFIG, buf_data(&body), buf_len(&body), -1);
	buf_finish(&body);
	free(wc.watch_roots);
	return rc;
}

/* LISTEN_FDS and NOTIFY_SOCKET for a command (sd_listen_fds(3), sd_notify(3)). */
static int command_environment(struct proc *p, const struct listeners *l, struct strv *env)
{
	char address[NOTIFY_ADDRESS_MAX], entry[NOTIFY_ADDRESS_MAX + 32];
	size_t count = listeners_count(l);
	struct buf names;
	int rc;

	p->notify = notify_socket_open(address);
	if (p->notify < 0)
		return p->notify;
	snprintf(entry, sizeof(entry), "NOTIFY_SOCKET=%s", address);
	rc = strv_add(env, entry);
	snprintf(entry, sizeof(entry), "LISTEN_FDS=%zu", count);
	if (rc == 0)
		rc = strv_add(env, entry);
	buf_init(&names, SIZE_MAX);
	if (rc == 0)
		rc = buf_add_str(&names, "LISTEN_FDNAMES=");
	for (size_t i = 0; i < count && rc == 0; i++) {
		char name[SOCKET_BIND_NAME_MAX];

		rc = buf_printf(&names, "%s%s", i ? ":" : "",
				socket_bind_name(listeners_fd(l, i), name));
	}
	if (rc == 0)
		rc = buf_add(&names, "", 1);
	if (rc == 0)
		rc = strv_add(env, buf_data(&names));
	buf_finish(&names);
	return rc;
}

/* stdin for a worker: ours when it is alone, so that breakpoint() works; else nothing. */
static int open_stdin(const struct proc *p, const struct config *c)
{
	if (p->kind != PROC_NURSERY && c->workers == 1 && fcntl(STDIN_FILENO, F_GETFD) >= 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

struct birth {
	int fds[SPAWN_FDS_MAX]; /* of the child */
	size_t nfds;
	int stdin_fd;
	int pipes[2][2]; /* by enum log_stream: read end, write end */
	int channel[2];	 /* ours, the worker's */
	struct strv env;
	char script[PATH_MAX];
	char *argv[3];
	struct spawn_request request;
};

static void birth_init(struct birth *b)
{
	*b = (struct birth){.stdin_fd = -1, .pipes = {{-1, -1}, {-1, -1}}, .channel = {-1, -1}};
}

/* Closes the child's ends, and ours too if they were not taken. */
static void birth_finish(struct birth *b)
{
	fd_close(&b->stdin_fd);
	for (int i = 0; i < 2; i++) {
		fd_close(&b->pipes[i][0]);
		fd_close(&b->pipes[i][1]);
		fd_close(&b->channel[i]);
	}
	strv_finish(&b->env);
}

static int birth_descriptors(struct birth *b, const struct proc *p, const struct proc_start *s)
{
	size_t listeners = p->kind == PROC_NURSERY ? 0 : listeners_count(s->listeners);
	int rc;

	b->stdin_fd = open_stdin(p, s->config);
	if (b->stdin_fd < 0 || pipe2(b->pipes[LOG_STDOUT], O_CLOEXEC) < 0 ||
	    pipe2(b->pipes[LOG_STDERR], O_CLOEXEC) < 0)
		return -errno;
	if (p->kind != PROC_COMMAND) {
		rc = channel_pair(b->channel);
		if (rc < 0)
			return rc;
	}
	b->fds[b->nfds++] = b->stdin_fd;
	b->fds[b->nfds++] = b->pipes[LOG_STDOUT][1];
	b->fds[b->nfds++] = b->pipes[LOG_STDERR][1];
	if (p->kind != PROC_COMMAND)
		b->fds[b->nfds++] = b->channel[1];
	if (b->nfds + listeners > SPAWN_FDS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < listeners; i++)
		b->fds[b->nfds++] = listeners_fd(s->listeners, i);
	return 0;
}

static int birth_program(struct birth *b, struct proc *p, const struct proc_start *s)
{
	struct spawn_request *r = &b->request;
	int rc = 0;

	b->argv[0] = (char *)s->exec_path;
	switch (p->kind) {
	case PROC_APP:
	case PROC_NURSERY: /* its first message tells it that it is none */
		rc = find_worker_script(s->exec_path, b->script, sizeof(b->script));
		b->argv[0] = s->config->python;
		b->argv[1] = b->script;
		break;
	case PROC_SITE:
		b->argv[1] = (char *)"--role=site";
		break;
	case PROC_ERROR:
		b->argv[1] = (char *)"--role=error";
		break;
	case PROC_COMMAND:
		rc = command_environment(p, s->listeners, &b->env);
		break;
	}
	r->argv = p->kind == PROC_COMMAND ? s->config->command.v : b->argv;
	r->file = r->argv[0];
	r->fds = b->fds;
	r->nfds = b->nfds;
	r->env = &b->env;
	r->listen_pid = p->kind == PROC_COMMAND;
	return rc;
}

/* Asks the nursery for the worker. Whether it comes is known later. */
static int ask_nursery(struct proc *p, const struct proc_start *s, const struct birth *b)
{
	int rc = -EAGAIN;

	if (p->kind == PROC_APP && !p->cold && s->nursery)
		rc = nursery_spawn(s->nursery, b->fds, b->nfds, &p->token);
	p->unborn = rc == 0;
	return rc;
}

int proc_start(struct proc *p, const struct proc_start *s)
{
	struct birth b;
	int rc;

	p->state = PROC_BOOTING;
	p->killed = p->doomed = p->nursed = false;
	birth_init(&b);
	rc = birth_descriptors(&b, p, s);
	if (rc == 0 && ask_nursery(p, s, &b) < 0) {
		rc = birth_program(&b, p, s);
		if (rc == 0)
			rc = spawn(&b.request, &p->pid);
	}
	if (rc == 0) {
		p->start_error = 0;
		p->reported = false;
		p->started = mono_now();
		p->started_at = wall_now();
		p->channel = b.channel[0];
		p->pipes[LOG_STDOUT] = b.pipes[LOG_STDOUT][0];
		p->pipes[LOG_STDERR] = b.pipes[LOG_STDERR][0];
		b.channel[0] = b.pipes[LOG_STDOUT][0] = b.pipes[LOG_STDERR][0] = -1;
		proc_watch(p);
		if (p->channel >= 0 && p->kind != PROC_NURSERY)
			rc = send_config(p, s);
	} else {
		fd_close(&p->notify);
	}
	birth_finish(&b);
	return rc;
}
