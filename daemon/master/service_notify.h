/*
 * Telling the service manager that started us how things are: sd_notify(3), its protocol without its library.
 * Nothing happens when NOTIFY_SOCKET is not set. The variable stays in our environment, so later images go on.
 */
#ifndef DAEMON_MASTER_SERVICE_NOTIFY_H
#define DAEMON_MASTER_SERVICE_NOTIFY_H

#include "common/attr.h"
#include "daemon/master/generation.h"

#include <jansson.h>

struct ev_loop;
struct service_notify;

/* Starts the watchdog's timer too if WATCHDOG_USEC asks for it. NULL when there is no manager, or no memory. */
struct service_notify *service_notify_create(struct ev_loop *loop);
void service_notify_destroy(struct service_notify *n);

/*
 * A generation was asked for, maybe again, or has changed its state. READY=1 when the first one serves; from then on
 * RELOADING=1 for each that is asked for and READY=1 when it is settled. STATUS says how it stands, also before.
 */
void service_notify_generation(struct service_notify *n, const struct generation *g);
void service_notify_stopping(struct service_notify *n);

/* Across execve(2): what the manager was told. NULL when memory runs out. */
json_t *service_notify_save(const struct service_notify *n);
void service_notify_restore(struct service_notify *n, const json_t *state);

#endif
