/*
 * The socket that a command worker gets as NOTIFY_SOCKET (sd_notify(3)): an abstract datagram address
 * of its own for each worker, so that a message is known to be of that worker.
 */
#ifndef DAEMON_MASTER_NOTIFY_SOCKET_H
#define DAEMON_MASTER_NOTIFY_SOCKET_H

#include "common/attr.h"

#include <stdbool.h>
#include <stddef.h>

#define NOTIFY_ADDRESS_MAX 108

/* Makes the socket (CLOEXEC, non-blocking). `address` gets the value for NOTIFY_SOCKET. Returns the fd or -errno. */
int notify_socket_open(char address[NOTIFY_ADDRESS_MAX]) BB_NODISCARD;

struct notify_message {
	bool ready;
	bool stopping;
	char status[256]; /* "" if it had none */
};

/* One message from a process of ours. Returns 1 and fills *m; 0: none is waiting; messages of strangers are skipped. */
int notify_socket_receive(int fd, struct notify_message *m) BB_NODISCARD;
/* The text of a message to fields; pure. */
void notify_parse(const char *text, size_t len, struct notify_message *m);

#endif
