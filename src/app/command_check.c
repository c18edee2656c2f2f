/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <stdio.h>
#include <string.h>

#include "app/check_files.h"
#include "app/check_parts.h"
#include "app/check_report.h"
#include "app/check_site.h"
#include "app/cli_options.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/config_secret.h"
#include "config/options_print.h"

static const char help[] =
    "Usage: leat check [OPTION]...\n"
    "\n"
    "Looks at everything that leat serve needs, without starting it: the\n"
    "configuration, keys, the index, folders and permissions. Run it as the\n"
    "user that runs leat.\n"
    "\n"
    "  -d, --docroot DIR    also: is anything of leat's under this folder of\n"
    "                       the web server? May be given up to 8 times\n"
    "      --site URL       also: can any of these files be downloaded? URL "
    "is\n"
    "                       the address of leat, or of the site\n"
    "      --ca-file FILE   trust this certificate, too (PEM)\n"
    "      --connect        also ask each provider for its list of models: is\n"
    "                       the key good? (Sends no question, costs nothing)\n"
    "      --print-options  print every option with its default, as a\n"
    "                       configuration file with comments\n"
    "      --json           print the result (or the options) as JSON\n"
    "  -c, --config FILE    configuration file\n"
    "  -h, --help           this text\n"
    "\n"
    "Exit status: 0 when nothing failed (warnings do not count), else 1.\n"
    "\n"
    "Examples:\n"
    "  sudo -u leat leat check --docroot /var/www\n"
    "  leat check --print-options > leat.conf\n";

enum { ROOTS_MAX = 8 };

struct check_command {
	const char *config_path;
	const char *site;
	const char *ca_file;
	const char *roots[ROOTS_MAX];
	size_t root_count;
	bool wants_json;
	bool prints_options;
	bool connects;
	struct check_report report;
};

static int print_options(bool wants_json)
{
	struct buffer out;

	buffer_init(&out, 256 * 1024);
	if (wants_json) {
		options_print_json(&out);
		buffer_append_char(&out, '\n');
	} else {
		options_print_file(&out);
	}
	fputs(buffer_string(&out), stdout);
	buffer_fini(&out);
	return CLI_OK;
}

/* Each line of problems is a failure. */
static void report_problems(struct check_report *report,
			    const struct buffer *problems)
{
	const char *at = buffer_string(problems);

	while (*at) {
		size_t len = strcspn(at, "\n");

		check_report_add(report, CHECK_FAIL, "configuration", "%.*s",
				 (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static void check_config(struct check_command *command, struct config *config)
{
	struct check_report *report = &command->report;
	struct buffer problems;
	bool is_denied = false;

	buffer_init(&problems, 64 * 1024);
	check_files_modes(report, config);
	check_files_places(report, config);
	check_parts_visitors(report, config);
	check_parts_index(report, config);
	if (config_secret_load(config, &problems)) {
		check_parts_providers(report, config);
		if (command->connects)
			check_parts_connect(report, config);
	}
	report_problems(report, &problems);
	if (command->site)
		is_denied =
		    check_site(report, config, command->site, command->ca_file);
	for (size_t i = 0; i < command->root_count; i++)
		check_files_document_root(report, config, command->roots[i],
					  is_denied);
	buffer_fini(&problems);
}

static void print_report(const struct check_command *command)
{
	struct terminal terminal;
	struct buffer out;

	if (!command->wants_json) {
		terminal_init(&terminal, stdout);
		check_report_print(&command->report, &terminal);
		return;
	}
	buffer_init(&out, 1024 * 1024);
	check_report_print_json(&command->report, &out);
	puts(buffer_string(&out));
	buffer_fini(&out);
}

static int check(struct check_command *command)
{
	char *path = config_find(command->config_path);
	struct buffer problems;
	struct config *config;
	int status;

	buffer_init(&problems, 64 * 1024);
	check_report_init(&command->report);
	config = config_load_public(path, &problems);
	report_problems(&command->report, &problems);
	if (config)
		check_config(command, config);
	print_report(command);
	status = command->report.failures ? CLI_FAILED : CLI_OK;
	check_report_fini(&command->report);
	config_free(config);
	buffer_fini(&problems);
	memory_free(path);
	return status;
}

static int take_root(void *state, const char *text)
{
	struct check_command *command = state;

	if (command->root_count == ROOTS_MAX)
		return cli_usage(&command_check, "--docroot: at most %d",
				 ROOTS_MAX);
	command->roots[command->root_count++] = text;
	return -1;
}

static int run(int argc, char **argv)
{
	struct check_command command = {0};
	const struct cli_option options[] = {
	    {.name = "docroot",
	     .letter = 'd',
	     .take = take_root,
	     .state = &command},
	    {.name = "print-options", .flag = &command.prints_options},
	    {.name = "site", .text = &command.site},
	    {.name = "ca-file", .text = &command.ca_file},
	    {.name = "connect", .flag = &command.connects},
	    {.name = "json", .flag = &command.wants_json},
	    {.name = "config", .letter = 'c', .text = &command.config_path},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_check, options, argc, argv);

	if (status < 0)
		status = cli_options_end(&command_check, argc, argv);
	if (status >= 0)
		return status;
	if (command.prints_options)
		return print_options(command.wants_json);
	return check(&command);
}

const struct cli_command command_check = {
    "check", "look at the configuration, the index and permissions", help, run};
