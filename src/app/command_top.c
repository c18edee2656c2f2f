/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/cli_options.h"
#include "app/status_options.h"
#include "app/status_text.h"
#include "app/top_screen.h"
#include "base/clock.h"

static const char help[] =
    "Usage: leat top [OPTION]...\n"
    "\n"
    "Shows what `leat status` shows, again each second, until q is pressed.\n"
    "Space looks at once.\n"
    "\n"
    "  -d, --delay SECONDS    look so often, 1 to 60 (1)\n"
    "      --runtime-dir DIR  look there (else: the configured runtime_dir)\n"
    "  -c, --config FILE      configuration file\n"
    "  -h, --help             this text\n";

static void append_clock(FILE *page, unsigned delay)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	fprintf(page, "leat top  %02d:%02d:%02d  every %u s  q: quit\n\n",
		tm.tm_hour, tm.tm_min, tm.tm_sec, delay);
}

static void draw(const struct pools *pools, const char *folder, unsigned delay)
{
	struct terminal terminal;
	char *text = NULL;
	size_t len = 0;
	FILE *page = open_memstream(&text, &len);

	if (!page)
		return;
	terminal_init(&terminal, stdout);
	terminal.file = page;
	append_clock(page, delay);
	status_text_print(&terminal, pools, folder);
	fclose(page);
	top_screen_draw(slice_make(text, len));
	free(text);
}

static void run_screen(const char *folder, unsigned delay)
{
	struct pools pools;
	enum top_key key = TOP_KEY_NOW;
	uint64_t due_ms = 0;

	pools_init(&pools);
	while (key != TOP_KEY_QUIT) {
		struct pool_times now = status_options_now();

		if (key == TOP_KEY_NOW || now.monotonic_ms >= due_ms) {
			pools_look(&pools, folder, now);
			due_ms = now.monotonic_ms + delay * 1000;
		}
		draw(&pools, folder, delay);
		key = top_screen_wait((int)(due_ms - now.monotonic_ms));
	}
	pools_fini(&pools);
}

static int run(int argc, char **argv)
{
	struct status_options given = {0};
	struct status_where where;
	unsigned delay = 1;
	const struct cli_option options[] = {
	    {.name = "delay",
	     .letter = 'd',
	     .number = &delay,
	     .min = 1,
	     .max = 60},
	    {.name = "runtime-dir", .text = &given.runtime_dir},
	    {.name = "config", .letter = 'c', .text = &given.config_path},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_top, options, argc, argv);

	if (status < 0)
		status = cli_options_end(&command_top, argc, argv);
	if (status >= 0)
		return status;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_usage(&command_top,
				 "it needs a terminal; leat status prints the "
				 "same once, leat status --json for programs");
	if (!status_options_find(&given, &where))
		return CLI_FAILED;
	if (top_screen_open()) {
		run_screen(where.folder, delay);
		top_screen_close();
	} else {
		status = cli_failed("the terminal cannot be used");
	}
	status_options_forget(&where);
	return status < 0 ? CLI_OK : status;
}

const struct cli_command command_top = {
    .name = "top",
    .summary = "the same, again each second",
    .help = help,
    .run = run,
};
