/*
 * Repositories: while .git/index.lock is there, git is at work, and what it writes belongs together. One watch on each
 * .git directory, not on what is below it. gitrepository-layout(5), git's lockfile.h.
 */
#ifndef DAEMON_MASTER_WATCH_GIT_H
#define DAEMON_MASTER_WATCH_GIT_H

#include "daemon/master/watch_core.h"

#include <stdint.h>
#include <sys/inotify.h>

/*
 * `dir` holds a ".git", a directory or (in worktrees and submodules) a file that names one. `node` is WATCH_NONE
 * above a root. Reads its rules (.git/info/exclude) too. One that is known already is looked at again.
 */
void watch_git_add(struct watch *w, const char *dir, uint32_t node, struct mono now);
/* The node is being dropped, and its repository with it. */
void watch_git_drop_node(struct watch *w, uint32_t node);
/* Looks for the locks of all: events were lost, or there are none. */
void watch_git_look(struct watch *w, struct mono now);

void watch_git_event(struct watch *w, uint32_t repo, const struct inotify_event *ev,
		     struct mono now);
void watch_git_gone(struct watch *w, uint32_t repo, struct mono now);

/* From the state: appends one that was known, without asking the file system. NULL when memory runs out. */
struct watch_repo *watch_git_append(struct watch *w, const char *dir, const char *git);
/* Reads its .git/info/exclude, and has no rules from above reach into it. */
void watch_git_load_rules(struct watch *w, const struct watch_repo *r);

void watch_git_finish(struct watch *w);

#endif
