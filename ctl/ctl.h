/* One run of blackbullctl: what was asked for, and the daemon that it is asked of. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "common/admin_proto.h"
#include "common/attr.h"
#include "common/clock.h"
#include "ctl/client.h"
#include "ctl/discover.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct ctl {
	const char *socket; /* -s or $BLACKBULLD_SOCKET, or NULL */
	bool json;
	bool quiet;
	bool color;	      /* on stdout */
	bool has_timeout;     /* -t was given */
	uint64_t timeout_ms;  /* of -t; 0: none */
	struct mono deadline; /* of the whole command; unset: none */
	char cwd[PATH_MAX];   /* as the user sees it ($PWD), or "" */

	struct instance target; /* the daemon; zeroed until found */
	struct client *client;	/* from the first question on */
};

void ctl_init(struct ctl *c);
void ctl_finish(struct ctl *c);

/* From now on, -t counts; without it, the command takes at most `otherwise_ms` (0: as long as it takes). */
void ctl_start_clock(struct ctl *c, uint64_t otherwise_ms);

/* Finds the daemon and fills in c->target. A failure is printed. */
enum ctl_exit ctl_find(struct ctl *c) BB_NODISCARD;
/* Where it is, once found; `socket` is its admin socket or another one beside it. */
struct client_place ctl_place(const struct ctl *c, const char *socket);

/* What a request came to. Zeroed is empty. */
struct answer {
	enum ctl_exit status;
	json_t *result; /* may be there in a failure too: the generation that failed */
	char *code;	/* of a failure */
	char *message;
};

void answer_finish(struct answer *a);

/*
 * Asks the daemon, which was found, and waits for what it says. Takes `args`, which may be NULL.
 * `id` NULL: a new one. Returns a->status and prints nothing; answer_finish() is due in any case.
 */
enum ctl_exit ctl_ask(struct ctl *c, const char *op, const char *id, json_t *args,
		      struct answer *a) BB_NODISCARD;
/* The same for most commands: a failure is printed. On CTL_OK *result is the caller's. */
enum ctl_exit ctl_call(struct ctl *c, const char *op, json_t *args, json_t **result) BB_NODISCARD;
/* Prints a failure in the form that the user chose, with the generation if it says why. Returns a->status. */
enum ctl_exit ctl_report(const struct ctl *c, const struct answer *a);

/* The same for an error of client.h, when no question was asked. */
enum ctl_exit ctl_report_errno(const struct ctl *c, int err);

#define CTL_ID_LEN 33
/* A random request id: 128 bits in hex. */
void ctl_make_id(char id[CTL_ID_LEN]);

/* Where the daemon publishes its events, beside its admin socket. Allocated; NULL: no memory. */
char *ctl_events_socket(const char *admin_socket) BB_NODISCARD;

/* An array of the words as absolute paths. Prints what is wrong and returns NULL. */
json_t *ctl_absolute_paths(const struct ctl *c, const char *const *words, size_t n) BB_NODISCARD;

#endif
