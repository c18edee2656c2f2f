/* SPDX-License-Identifier: ISC */
/*
 * The commands, one in each command_*.c.
 */
#ifndef LEAT_APP_COMMANDS_H
#define LEAT_APP_COMMANDS_H

#include "app/cli.h"

extern const struct cli_command command_serve;
/* These two are not in the list. */
extern const struct cli_command command_worker;
extern const struct cli_command command_candidate;
extern const struct cli_command command_status;
extern const struct cli_command command_top;
extern const struct cli_command command_index;
extern const struct cli_command command_search;
extern const struct cli_command command_ask;
extern const struct cli_command command_check;
extern const struct cli_command command_doctor;

#endif
