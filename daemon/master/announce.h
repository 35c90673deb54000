/* A generation's new state, told to everybody whom it concerns: log, events, history, service manager, waiters. */
#ifndef DAEMON_MASTER_ANNOUNCE_H
#define DAEMON_MASTER_ANNOUNCE_H

struct generation;
struct master;

/* To be called after every change of g's state, once. */
void announce_generation(struct master *m, const struct generation *g);

#endif
