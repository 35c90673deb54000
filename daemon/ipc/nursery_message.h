/*
 * The bodies of what the master, the nursery and the workers born from it tell each other. Pure.
 *
 *   PRELOAD, MODULES   flags:u8  text*        in several messages if need be: each but the last has MODULES_MORE
 *   WARM               modules:u32
 *   SPOILT             text (why)  text*      names of modules that are not to be preloaded
 *   SPAWN              token:u64  master:u32  with the worker's descriptors, in the order of their numbers
 *   REFUSED            token:u64  text (why)
 *   HELLO              pid:u32
 *   RETRY              text (why)
 *
 *   text: len:u32 bytes
 *
 * The texts of PRELOAD and MODULES are steps, to be taken one after the other. Their first byte says which; the master
 * hands on those that it does not know.
 */
#ifndef DAEMON_IPC_NURSERY_MESSAGE_H
#define DAEMON_IPC_NURSERY_MESSAGE_H

#include "common/attr.h"
#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

#define MODULES_MORE  1 /* another message follows */
#define MODULES_WHOLE 2 /* MODULES of a worker that started cold: all that it imported */

#define STEP_IMPORT   'i' /* a module's name */
#define STEP_EXCLUDE  'x' /* a module's name: it is not to be imported, whoever asks for it */
#define STEP_SET      'e' /* NAME=value of an environment variable */
#define STEP_UNSET    'u' /* NAME */
#define STEP_PATH     'p' /* sys.path, its members joined by NUL */
#define STEP_USERS    'r' /* a folder or file of the user's own: nothing of it may be preloaded */
#define STEP_SHADOW \
	's' /* a folder that is searched first: its modules hide others of the same name */
#define STEP_NONE '!' /* why there must be no nursery */

/* The next text, which points into the reader's bytes. Returns 1; 0 at the end; -EBADMSG. */
int texts_next(struct reader *r, const char **text, size_t *len) BB_NODISCARD;
/* Returns 0, -ENOBUFS or -ENOMEM. */
int texts_add(struct buf *texts, const char *text, size_t len) BB_NODISCARD;

typedef int texts_send_fn(void *arg, const void *body, size_t len);
/*
 * Sends texts as bodies of PRELOAD or MODULES, as many as it takes, and at least one. Returns 0; -EMSGSIZE: a text
 * that fits into no message; -EBADMSG; else what `send` returned.
 */
int texts_send(const void *texts, size_t len, uint8_t flags, texts_send_fn *send,
	       void *arg) BB_NODISCARD;
/* Takes one body of PRELOAD or MODULES apart; *texts points into data. Returns 0 or -EBADMSG. */
int texts_receive(const void *data, size_t len, uint8_t *flags, const void **texts,
		  size_t *texts_len) BB_NODISCARD;

int nursery_number_encode(uint32_t number, struct buf *out) BB_NODISCARD; /* WARM, HELLO */
int nursery_number_decode(const void *data, size_t len, uint32_t *number) BB_NODISCARD;

struct nursery_spawn {
	uint64_t token;	 /* the master's, for its answer */
	uint32_t master; /* pid: who becomes the parent */
};

int nursery_spawn_encode(const struct nursery_spawn *s, struct buf *out) BB_NODISCARD;
int nursery_spawn_decode(const void *data, size_t len, struct nursery_spawn *s) BB_NODISCARD;

int nursery_refused_encode(uint64_t token, const char *why, struct buf *out) BB_NODISCARD;
/* *why is allocated. */
int nursery_refused_decode(const void *data, size_t len, uint64_t *token, char **why) BB_NODISCARD;

/* A reason in front of other texts, as in SPOILT and RETRY. *why is allocated; *rest reads on behind it. */
int nursery_why_decode(const void *data, size_t len, char **why, struct reader *rest) BB_NODISCARD;

#endif
