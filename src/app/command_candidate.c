/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <config.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include "app/cli_options.h"
#include "config/config_memory.h"
#include "master/master_check.h"
#include "master/master_state.h"
#include "serve/candidate.h"

enum { UNSET = UINT_MAX };

static int run(int argc, char **argv)
{
	unsigned fd = UNSET, first_fd = UNSET, state = 0;
	struct config_memory memory = {.with_keys = true};
	const struct cli_option options[] = {
	    {.name = "state", .number = &state, .max = INT_MAX},
	    {.name = "config-fd", .number = &fd, .max = INT_MAX},
	    {.name = "first-config-fd", .number = &first_fd, .max = INT_MAX},
	    {.name = "config", .letter = 'c', .text = &memory.path},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_candidate, options, argc, argv);

	if (status < 0)
		status = cli_options_end(&command_candidate, argc, argv);
	if (status >= 0)
		return status;
	memory.fd = fd == UNSET ? -1 : (int)fd;
	memory.first_fd = first_fd == UNSET ? -1 : (int)first_fd;
	if (state != MASTER_STATE_VERSION) {
		puts("leat " PACKAGE_VERSION " cannot take over a running "
		     "pool of this version: restart leat instead");
		return CLI_FAILED;
	}
	if (!candidate_run(&memory))
		return CLI_FAILED;
	puts(MASTER_CHECK_GOOD PACKAGE_VERSION);
	return CLI_OK;
}

/* Started by the master alone; not in the list of commands. */
const struct cli_command command_candidate = {
    .name = "candidate",
    .summary = "",
    .help = "leat candidate is started by leat serve alone.\n",
    .run = run,
};
