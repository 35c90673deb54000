/*
 * Takes a descriptor out of the kernel's interest list behind libev's back.
 *
 * libev never issues EPOLL_CTL_DEL: it relies on close(2). A descriptor that another process holds too (it was
 * passed on, or is shared from birth) stays in the list after our close, and its events keep coming to us.
 * libev has no getter for its epoll descriptor, so it is found once in /proc/self/fdinfo.
 */
#ifndef DAEMON_HTTP_POLLER_H
#define DAEMON_HTTP_POLLER_H

struct poller {
	int epoll; /* libev's, which owns it; -1: not found yet */
};

void poller_init(struct poller *p);
/* After ev_io_stop() of every watcher on fd, before fd is closed or given away. Keeps fd open. */
void poller_forget(struct poller *p, int fd);

#endif
