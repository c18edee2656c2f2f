/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "app/cli_options.h"
#include "app/status_json.h"
#include "app/status_options.h"
#include "app/status_text.h"

static const char help[] =
    "Usage: leat status [OPTION]...\n"
    "\n"
    "Shows the pools that run: workers, open streams, requests, limits. It\n"
    "reads the shared files in runtime_dir and asks no process, so that it\n"
    "also tells about one that hangs. It looks for a second, for rates; for\n"
    "three when a worker does not move.\n"
    "\n"
    "      --runtime-dir DIR  look there (else: the configured runtime_dir)\n"
    "      --json             print all of it as JSON\n"
    "  -c, --config FILE      configuration file\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 when everything that is there runs as it should, 1 when\n"
    "nothing runs or something is wrong, 2 when it was called wrongly.\n"
    "\n"
    "Root, the user that runs leat, and members of that user's group may\n"
    "look.\n";

/* A little more than a tick, which all that live have then had. */
enum { LOOK_MS = 1200, LOOKS_MAX = 3 };

static void pause_ms(unsigned ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&pause, NULL);
}

static void look(struct pools *pools, const char *folder)
{
	pools_look(pools, folder, status_options_now());
	for (int i = 1; i < LOOKS_MAX && pools->count; i++) {
		pause_ms(LOOK_MS);
		pools_look(pools, folder, status_options_now());
		if (!pools_is_unsure(pools))
			break;
	}
}

static void print(const struct pools *pools, const char *folder)
{
	struct terminal terminal;

	terminal_init(&terminal, stdout);
	status_text_print(&terminal, pools, folder);
}

static void print_json(const struct pools *pools, const char *folder)
{
	struct buffer out;

	buffer_init(&out, BUFFER_UNLIMITED);
	status_json_print(&out, pools, folder);
	fputs(buffer_string(&out), stdout);
	buffer_fini(&out);
}

static int show(const struct status_where *where, bool wants_json)
{
	struct pools pools;
	int status;

	pools_init(&pools);
	look(&pools, where->folder);
	if (wants_json)
		print_json(&pools, where->folder);
	else
		print(&pools, where->folder);
	status = pools_status(&pools) ? CLI_FAILED : CLI_OK;
	if (!status_options_is_there(where, &pools))
		status = cli_failed("none of these was started with %s; its "
				    "pool does not run",
				    where->config);
	pools_fini(&pools);
	return status;
}

static int run(int argc, char **argv)
{
	struct status_options given = {0};
	struct status_where where;
	bool wants_json = false;
	const struct cli_option options[] = {
	    {.name = "runtime-dir", .text = &given.runtime_dir},
	    {.name = "json", .flag = &wants_json},
	    {.name = "config", .letter = 'c', .text = &given.config_path},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_status, options, argc, argv);

	if (status < 0)
		status = cli_options_end(&command_status, argc, argv);
	if (status >= 0)
		return status;
	if (!status_options_find(&given, &where))
		return CLI_FAILED;
	status = show(&where, wants_json);
	status_options_forget(&where);
	return status;
}

const struct cli_command command_status = {
    .name = "status",
    .summary = "show the pools that run",
    .help = help,
    .run = run,
};
