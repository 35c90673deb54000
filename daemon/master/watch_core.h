/* What the parts of the watcher share: its state, and nothing else. */
#ifndef DAEMON_MASTER_WATCH_CORE_H
#define DAEMON_MASTER_WATCH_CORE_H

#include "common/attr.h"
#include "common/clock.h"
#include "common/str.h"
#include "daemon/master/debounce.h"
#include "daemon/master/watch_kernel.h"
#include "daemon/master/watch_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>

struct filter;
struct watch_config;
struct watch_crew;
struct watch_listing;
struct watch_snapshot;

#define WATCH_READ_SIZE	       (64 * 1024)
#define WATCH_READ_MS	       50  /* longest stretch of reading before others have their turn */
#define WATCH_SCAN_MS	       20  /* the same for listing */
#define WATCH_ROOT_MS	       50  /* between two looks at a root that does not settle */
#define WATCH_MOVE_MS	       10  /* how long a MOVED_FROM waits for its MOVED_TO */
#define WATCH_POLL_LEAST_MS    250 /* without --reload-poll */
#define WATCH_POLL_MOST_MS     2000
#define WATCH_BACKOFF_FIRST_MS 100 /* between two rescans after overflows */
#define WATCH_BACKOFF_MOST_MS  30000

enum watch_root_kind { ROOT_MISSING, ROOT_DIR, ROOT_FILE };

/* What tells one version of a file from another. */
struct watch_stamp {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

struct watch_root {
	uint32_t id; /* never used again */
	char *path;
	enum watch_root_kind kind;
	uint32_t node;		  /* of ROOT_DIR; roots may share one */
	struct watch_stamp stamp; /* of ROOT_FILE */
	bool stale;		  /* is to be looked at */
	bool unanchored;	  /* not all of its path is watched: it is polled */
	bool told;		  /* that it is missing */
};

enum watch_anchor_kind {
	ANCHOR_STEP,  /* a name on the way to a root: what happens to it may move the root */
	ANCHOR_SELF,  /* a directory on the way to a root */
	ANCHOR_FILE,  /* the root, a single file, or the place where it was */
	ANCHOR_LOCK,  /* index.lock of a repository */
	ANCHOR_RULES, /* a .gitignore above a root */
};

/* A watch on a directory that is no part of a tree, or is one besides. */
struct watch_anchor {
	int wd;
	enum watch_anchor_kind kind;
	uint32_t owner; /* a root's id, or a repository's */
	bool old;	/* scratch, while a root is looked at */
	char *name;	/* in the directory; NULL for ANCHOR_SELF */
};

struct watch_repo {
	uint32_t id;
	char *dir;     /* where it begins */
	char *git;     /* its .git directory, which may be elsewhere */
	uint32_t node; /* of dir, or WATCH_NONE: above a root */
	bool held;     /* index.lock exists */
	struct mono since;
	unsigned series; /* bits: which of the directories of a rebase exist */
};

/* A directory that was moved away, until it turns up. */
struct watch_move {
	uint32_t cookie;
	uint32_t node;
	struct mono at;
	char *path; /* that it had */
};

struct watch {
	struct watch_kernel kernel;
	struct watch_tree tree;
	struct filter *filter;
	struct debounce debounce;
	struct strv root_list; /* the paths of `roots` */
	bool paused;
	uint32_t poll_ms; /* of --reload-poll */
	uint64_t overflows;

	struct watch_root *roots;
	size_t roots_count;
	struct watch_anchor *anchors;
	size_t anchors_count;
	struct watch_repo *repos;
	size_t repos_count;
	struct watch_move *moves;
	size_t moves_count;
	uint32_t last_id;	  /* of roots and repositories */
	struct mono roots_looked; /* when, the last time */

	/* Nodes to be listed, first come first served. */
	uint32_t *queue;
	size_t queue_head;
	size_t queue_tail;
	size_t queue_size;
	bool reload_rules;	       /* until the queue is empty: read every .gitignore again */
	struct watch_listing *listing; /* scratch */
	struct watch_crew *crew;       /* while everything is armed for the first time */

	/* Polling. */
	struct watch_snapshot **snapshots; /* by node */
	uint32_t snapshots_size;
	uint32_t polled;  /* nodes with NODE_POLLED */
	uint32_t refused; /* nodes with NODE_REFUSED */
	bool polling;	  /* a round is under way */
	bool told_refused;
	struct mono poll_at; /* zero: nothing is polled */
	struct mono poll_began;
	int64_t poll_cost_ns;

	/* Overflow. */
	struct mono rescan_at; /* zero: none is due */
	struct mono rescanned;
	uint32_t backoff_ms;

	/* Devices of network file systems, and of others, as far as they were asked. */
	struct {
		uint32_t dev;
		bool network;
	} devices[16];
	size_t devices_count;

	struct wall baseline;
	struct mono baseline_at; /* the same moment on the other clock */

	_Alignas(struct inotify_event) char events[WATCH_READ_SIZE];
};

/* Empty, with its filter, without a descriptor. Returns 0 or -ENOMEM. */
int watch_alloc(struct watch **w, const struct watch_config *c) BB_NODISCARD;

#endif
