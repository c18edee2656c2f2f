/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <stddef.h>

#include "app/cli_options.h"
#include "app/start_mode.h"
#include "config/config.h"
#include "master/master.h"
#include "serve/alone.h"
#include "serve/worker.h"

static const char help[] =
    "Usage: leat serve [OPTION]...\n"
    "\n"
    "Runs the pool that the web server talks FastCGI to: a master and one\n"
    "worker per core (workers = N), on the sockets of `listen`. It stays in\n"
    "the foreground and logs to standard error unless the configuration says\n"
    "otherwise. With a listening socket as standard input (spawn-fcgi,\n"
    "mod_fcgid, lighttpd's bin-path) it is one process alone on that socket.\n"
    "\n"
    "  -c, --config FILE    configuration file\n"
    "  -h, --help           this text\n"
    "\n"
    "Signals: TERM and INT let running answers end (drain_timeout) and exit\n"
    "with 0; a second one ends at once. HUP and USR2 take up the\n"
    "configuration and the binary as they are now, without losing a request\n"
    "or an answer (reload_timeout); if either is bad, the log says why, and\n"
    "nothing changes. USR1 reopens the log.\n";

static int run(int argc, char **argv)
{
	const char *path = NULL;
	const struct cli_option options[] = {
	    {.name = "config", .letter = 'c', .text = &path},
	    {.name = NULL},
	};
	struct config *config;
	int status = master_resume();

	if (status >= 0)
		return status;
	status = cli_options_read(&command_serve, options, argc, argv);
	if (status < 0)
		status = cli_options_end(&command_serve, argc, argv);
	if (status >= 0)
		return status;
	config = cli_load_config(path, true);
	if (!config)
		return CLI_FAILED;
	if (start_mode_has_socket())
		return alone_run(config);
	status = master_run(config);
	config_free(config);
	return status;
}

const struct cli_command command_serve = {
    .name = "serve",
    .summary = "run the worker pool for the web server",
    .help = help,
    .run = run,
};

static int run_worker(int argc, char **argv)
{
	return worker_main(argc, argv);
}

/* Started by the master alone; not in the list of commands. */
const struct cli_command command_worker = {
    .name = "worker",
    .summary = "",
    .help = "leat worker is started by leat serve alone.\n",
    .run = run_worker,
};
