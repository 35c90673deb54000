/*
 * The watcher's state as bytes, for the hand-over: field by field, in network byte order.
 *
 *   "BBWATCH" format:u8  head  devices  nodes  roots  repositories  anchors  moves  rules  snapshots  window
 *
 * Lists begin with their count:u32, strings with their length:u16. Nodes are numbered anew, parents before children.
 * It asks no file system: whether the bytes fit the descriptor is for watch_restore() to find out.
 */
#ifndef DAEMON_MASTER_WATCH_STATE_H
#define DAEMON_MASTER_WATCH_STATE_H

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/master/watch_core.h"

#include <stddef.h>
#include <stdint.h>

#define WATCH_STATE_MAGIC  "BBWATCH"
#define WATCH_STATE_FORMAT 1

/* wd, parent, dev: u32 each; ino: u64; flags, left_out, length of the name: u16 each. */
#define WATCH_STATE_NODE_LEN 26

enum { STATE_PAUSED = 1, STATE_TOLD_REFUSED = 2, STATE_RELOAD_RULES = 4, STATE_POLLING = 8 };
enum { STATE_ROOT_STALE = 1, STATE_ROOT_UNANCHORED = 2, STATE_ROOT_TOLD = 4 };

/* Appends to out. Returns 0, -ENOMEM, -ENOBUFS. */
int watch_state_encode(const struct watch *w, struct buf *out) BB_NODISCARD;

/* What the bytes say besides the state itself. */
struct watch_state_head {
	uint64_t fingerprint; /* of the filter then */
	bool polling;	      /* there was no descriptor */
};

/*
 * Into a watch that is empty. Returns 0, -ENOMEM; -EBADMSG: damaged, or of another format. After an error the watch is good
 * for nothing but watch_destroy(). The rules of .gitignore files are named, not read: `rules` gets their directories.
 */
int watch_state_decode(struct watch *w, const void *data, size_t len, struct watch_state_head *head,
		       struct strv *rules) BB_NODISCARD;

#endif
