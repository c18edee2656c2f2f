/* SPDX-License-Identifier: ISC */
#include "master/master_spawn.h"

#include <stdio.h>

#include "master/master_program.h"
#include "pool/listen.h"

enum { PATH_SIZE = 32 };

pid_t master_spawn(const struct master_spawn *spawn)
{
	char listeners[LISTEN_MAX][LISTEN_TEXT_SIZE];
	struct master_program program;
	char path[PATH_SIZE] = "/proc/self/exe";

	/* CLOEXEC closes it after it was opened by this name. */
	if (spawn->exe_fd >= 0)
		snprintf(path, sizeof path, "/proc/self/fd/%d", spawn->exe_fd);
	master_program_init(&program, "worker");
	master_program_add_number(&program, "--slot", spawn->place.slot);
	master_program_add_number(&program, "--incarnation",
				  spawn->place.incarnation);
	master_program_add_descriptor(&program, "--channel", spawn->channel_fd);
	master_program_add_descriptor(&program, "--slots", spawn->slots_fd);
	master_program_add_descriptor(&program, "--config-fd",
				      spawn->config_fd);
	if (spawn->config_fd >= 0)
		master_program_add(&program, "--config", spawn->config_path);
	master_program_add_descriptor(&program, "--first-config-fd",
				      spawn->first_config_fd);
	for (unsigned i = 0; i < spawn->listeners->count; i++) {
		listen_print(&spawn->listeners->sockets[i], listeners[i]);
		master_program_add(&program, "--listen", listeners[i]);
		master_program_give(&program, spawn->listeners->sockets[i].fd);
	}
	return master_program_start(&program, path);
}
