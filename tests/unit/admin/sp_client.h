/* A client of the admin sockets that does exactly what a test tells it to, right or wrong. */
#ifndef TESTS_UNIT_ADMIN_SP_CLIENT_H
#define TESTS_UNIT_ADMIN_SP_CLIENT_H

#include "common/sp.h"
#include "tests/unit/admin/echo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_ID 0x80000001u

/* A non-blocking connection. */
int client_connect(const char *path);
/* The same, with both hellos exchanged. */
int client_greet(struct echo *e, const char *path, enum sp_proto proto);
/* All of it must go at once. */
void client_send(int fd, const void *data, size_t len);
void client_send_hello(int fd, enum sp_proto proto);
void client_send_request(int fd, uint32_t id, const void *body, size_t len);

/*
 * The next message, while the loop runs: its length, and its first bytes in `body`, NUL-terminated; *id for
 * REP. -1: the connection was closed.
 */
int client_receive(struct echo *e, int fd, enum sp_proto proto, uint32_t *id, char *body,
		   size_t size);
/* Asserts that a request with this body is answered with it. */
void client_assert_served(struct echo *e, int fd);
/* The same on a connection of its own. */
void client_assert_alive(struct echo *e);
/* Whether the other side has closed it, after the loop has run. */
bool client_is_closed(struct echo *e, int fd);

#endif
