/* What comes before the new image: the build command, the trial of a new program, the exec. */
#ifndef DAEMON_MASTER_HANDOVER_H
#define DAEMON_MASTER_HANDOVER_H

struct generation;
struct master;

/*
 * Begins generation g, which nobody has begun yet. It ends in a new image that boots g, or g fails and everything is as it
 * was.
 */
void handover_begin(struct master *m, struct generation *g);

#endif
