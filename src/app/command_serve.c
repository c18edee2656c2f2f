/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <getopt.h>
#include <stddef.h>

#include "config/config.h"
#include "pool/master.h"
#include "serve/worker.h"

static const char help[] =
    "Usage: leat serve [OPTION]...\n"
    "\n"
    "Runs the pool that the web server talks FastCGI to: a master and one\n"
    "worker per core (workers = N), on the sockets of `listen`. It stays in\n"
    "the foreground and logs to standard error unless the configuration says\n"
    "otherwise.\n"
    "\n"
    "  -c, --config FILE    configuration file\n"
    "  -h, --help           this text\n"
    "\n"
    "Signals: TERM and INT let running answers end (drain_timeout) and exit\n"
    "with 0; a second one ends at once. USR1 reopens the log.\n";

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	const char *path = NULL;
	struct config *config;
	int status;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'h':
			return cli_print_help(&command_serve);
		default:
			return cli_usage_error(&command_serve);
		}
	}
	if (optind < argc)
		return cli_usage(&command_serve, "takes no arguments");
	config = cli_load_config(path, true);
	if (!config)
		return CLI_FAILED;
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
