/*
 * Telling the service manager that started us how things are: sd_notify(3), its protocol without its library.
 * Nothing happens when NOTIFY_SOCKET is not set. The variable stays in our environment, so later images go on.
 */
#ifndef DAEMON_MASTER_SERVICE_NOTIFY_H
#define DAEMON_MASTER_SERVICE_NOTIFY_H

#include "common/attr.h"
#include "daemon/master/generation.h"

struct ev_loop;
struct service_notify;

/* Starts the watchdog's timer too if WATCHDOG_USEC asks for it. NULL when there is no manager, or no memory. */
struct service_notify *service_notify_create(struct ev_loop *loop);
void service_notify_destroy(struct service_notify *n);

/* A generation has changed its state: RELOADING=1 while one is under way, READY=1 and STATUS when it is settled. */
void service_notify_generation(struct service_notify *n, const struct generation *g);
void service_notify_stopping(struct service_notify *n);

#endif
