/* Text to a field of struct config: the functions that the option table points to. */
#ifndef DAEMON_CONFIG_APPLY_H
#define DAEMON_CONFIG_APPLY_H

#include "daemon/config/options.h"

/* By the kind of the field. */
option_apply_fn apply_switch;
option_apply_fn apply_number;
option_apply_fn apply_size;
option_apply_fn apply_seconds;
option_apply_fn apply_string;
option_apply_fn apply_choice; /* a string, one of the table's arg */
option_apply_fn apply_list;   /* adds to a strv */

/* Of one option each. */
option_apply_fn apply_bind;
option_apply_fn apply_command;
option_apply_fn apply_handover;
option_apply_fn apply_log_format;
option_apply_fn apply_log_level;
option_apply_fn apply_name;
option_apply_fn apply_peers;
option_apply_fn apply_poll;
option_apply_fn apply_ready;
option_apply_fn apply_root_path;
option_apply_fn apply_target;

#endif
