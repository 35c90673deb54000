/*
 * One admin request while it is being handled, and its arguments: checked against the table of operations before the
 * handler runs, so that handlers only read them. Used by admin_cmd*.c alone.
 */
#ifndef DAEMON_MASTER_ADMIN_CALL_H
#define DAEMON_MASTER_ADMIN_CALL_H

#include "common/attr.h"
#include "daemon/master/admin.h"
#include "daemon/master/admin_answer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define OP_ARGS_MAX 4

struct master;

struct admin_call {
	struct master *m;
	const struct admin_peer *from;
	const char *op;
	const char *id; /* NULL: none was given */
	json_t *args;	/* an object, maybe empty */
};

enum arg_kind {
	ARG_NUMBER, /* not negative */
	ARG_BOOL,
	ARG_WORD,  /* one of `words` */
	ARG_PATH,  /* absolute */
	ARG_PATHS, /* array of them, at least one */
};

struct arg_spec {
	const char *name; /* NULL ends the list */
	enum arg_kind kind;
	const char *words; /* "a|b|c" */
	bool required;	   /* else absent or null is allowed */
};

struct op {
	const char *name;
	void (*run)(const struct admin_call *c); /* answers or leaves a waiter */
	struct arg_spec args[OP_ARGS_MAX];
};

/* Whether the arguments fit; else the request was answered with bad_request, which names the argument. */
bool call_check(const struct admin_call *c, const struct op *op);

/* Absent and null are the same. */
bool call_has(const struct admin_call *c, const char *name);
uint64_t call_number(const struct admin_call *c, const char *name, uint64_t otherwise);
bool call_bool(const struct admin_call *c, const char *name);
const char *call_word(const struct admin_call *c, const char *name, const char *otherwise);
/* Strings of an ARG_PATHS; the first is number 0, NULL after the last. */
const char *call_path(const struct admin_call *c, const char *name, size_t i);

/* admin_cmd_daemon.c */
void cmd_hello(const struct admin_call *c);
void cmd_status(const struct admin_call *c);
void cmd_stop(const struct admin_call *c);
void cmd_workers(const struct admin_call *c);
/* admin_cmd_generation.c */
void cmd_generations(const struct admin_call *c);
void cmd_reload(const struct admin_call *c);
void cmd_sync(const struct admin_call *c);
void cmd_wait(const struct admin_call *c);
/* admin_cmd_stream.c */
void cmd_events(const struct admin_call *c);
void cmd_logs(const struct admin_call *c);
/* admin_cmd_watch.c */
void cmd_paths_add(const struct admin_call *c);
void cmd_paths_list(const struct admin_call *c);
void cmd_paths_remove(const struct admin_call *c);
void cmd_pause(const struct admin_call *c);
void cmd_resume(const struct admin_call *c);
void cmd_why(const struct admin_call *c);

#endif
