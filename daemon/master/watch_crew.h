/*
 * A few threads that list directories, while the first tree is armed: most of that time is spent in the kernel, or waiting for
 * a disk. They touch nothing but the listings that they are given, run for as long as there is a crew, and are gone
 * before the master goes on: it has one thread.
 */
#ifndef DAEMON_MASTER_WATCH_CREW_H
#define DAEMON_MASTER_WATCH_CREW_H

#include "common/attr.h"
#include "daemon/master/watch_list.h"

#include <stdint.h>

struct watch_crew;

/* Returns 0 or -errno; without a crew one lists by oneself. */
int watch_crew_create(struct watch_crew **c, int inotify_fd) BB_NODISCARD;
/* Waits for the threads. Nothing must be under way. */
void watch_crew_destroy(struct watch_crew *c);

/* A listing to be filled in and given to a thread, or NULL: all are under way. */
struct watch_listing *watch_crew_hire(struct watch_crew *c);
void watch_crew_start(struct watch_crew *c, struct watch_listing *l);
/* Waits for one that is done; NULL: nothing is under way. */
struct watch_listing *watch_crew_wait(struct watch_crew *c);
/* The listing may be used again. */
void watch_crew_release(struct watch_crew *c, struct watch_listing *l);
/* The node is dropped: whatever is under way for it concerns nobody any more. */
void watch_crew_forget(struct watch_crew *c, uint32_t id);

#endif
