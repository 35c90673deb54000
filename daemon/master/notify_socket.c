/* sd_notify(3), the manager's side. */
#include "daemon/master/notify_socket.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_socket_open(char address[NOTIFY_ADDRESS_MAX])
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	uint64_t random;
	int fd, one = 1;
	socklen_t len;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(address, NOTIFY_ADDRESS_MAX, "@blackbulld/notify/%016llx",
		 (unsigned long long)random);
	memcpy(un.sun_path, address, strlen(address));
	un.sun_path[0] = '\0'; /* '@' stands for the abstract name space, unix(7) */
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&un, len) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static void parse_line(const char *line, size_t len, struct notify_message *m)
{
	if (len == 7 && memcmp(line, "READY=1", 7) == 0)
		m->ready = true;
	else if (len == 10 && memcmp(line, "STOPPING=1", 10) == 0)
		m->stopping = true;
	else if (len > 7 && memcmp(line, "STATUS=", 7) == 0)
		snprintf(m->status, sizeof(m->status), "%.*s", (int)(len - 7), line + 7);
}

void notify_parse(const char *text, size_t len, struct notify_message *m)
{
	*m = (struct notify_message){0};
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		parse_line(text, n, m);
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
}

/* Whether the sender is of our user: an abstract address has no file permissions. */
static bool sender_is_ours(const struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		struct ucred cred;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&cred, CMSG_DATA(c), sizeof(cred));
		return cred.uid == geteuid() || cred.uid == 0;
	}
	return false;
}

int notify_socket_receive(int fd, struct notify_message *m)
{
	for (;;) {
		char text[4096], control[CMSG_SPACE(sizeof(struct ucred)) + 256];
		struct iovec iov = {.iov_base = text, .iov_len = sizeof(text)};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
			size_t fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			/* FDSTORE and BARRIER send descriptors, which nobody keeps here. */
			for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < fds; i++) {
				int passed;

				memcpy(&passed, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
				close(passed);
			}
		}
		if (!sender_is_ours(&msg))
			continue;
		notify_parse(text, (size_t)n, m);
		return 1;
	}
}
