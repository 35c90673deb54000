/* How a master begins: the first image makes everything, a later one takes it over. */
#ifndef DAEMON_MASTER_BOOT_H
#define DAEMON_MASTER_BOOT_H

#include "common/attr.h"
#include "common/buf.h"
#include "daemon/config/config.h"

struct master;
struct salvage;

/*
 * Makes everything that a first image needs and boots its generation. *s is what an image left behind whose state could
 * not be read, else empty. Returns 0, or -errno after a line for people.
 */
int boot_first(struct master *m, struct salvage *s) BB_NODISCARD;
/*
 * Takes everything over and boots the generation that asked for this image, unless its configuration is of no use
 * (config_error->text). Returns 0 or -errno.
 */
int boot_again(struct master *m, const struct buf *state,
	       struct config_error *config_error) BB_NODISCARD;
/* The state of the image before is of no use: what it left open is. */
void boot_salvage(struct master *m, struct salvage *s);

#endif
