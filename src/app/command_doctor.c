/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <stdio.h>
#include <string.h>

#include "app/check_report.h"
#include "app/check_site.h"
#include "app/cli_options.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "doctor/doctor.h"
#include "doctor/judge.h"

static const char help[] =
    "Usage: leat doctor [OPTION]... URL\n"
    "\n"
    "Looks at a site from outside, through its web server: do answers stream\n"
    "frame by frame, is a visitor who leaves noticed, does every header\n"
    "arrive, how large may a request be, how long may a stream be silent, can\n"
    "secret files be downloaded? For each failure it names the line that "
    "mends\n"
    "it. URL is where leat is mounted, or the site. No model is asked, so it\n"
    "costs nothing; it takes about 20 seconds and needs no shell on the "
    "server.\n"
    "\n"
    "  -q, --quick          only what is over in a few seconds\n"
    "      --idle SECONDS   how much silence a stream must survive (else: a "
    "bit\n"
    "                       more than leat's heartbeat)\n"
    "      --long SECONDS   also: a stream that lasts so long\n"
    "  -c, --config FILE    on the server itself: also try to download every\n"
    "                       file that this configuration names\n"
    "      --ca-file FILE   trust this certificate (PEM) instead of the "
    "system's\n"
    "      --json           print the findings as JSON\n"
    "  -h, --help           this text\n"
    "\n"
    "Exit status: 0 when nothing failed (warnings do not count), else 1.\n"
    "\n"
    "Examples:\n"
    "  leat doctor https://example.org/ask\n"
    "  leat doctor --json example.org | jq -r '.findings[] | "
    "select(.level==\"fail\") | .text'\n";

enum { LONG_MAX_S = 120, JSON_MAX = 1024 * 1024 };

struct doctor_command {
	const char *url;
	const char *config_path;
	bool wants_json;
	struct doctor_options options;
	struct terminal err;
	struct measures *measures;
	struct findings *findings;
};

static void on_step(void *state, size_t done, size_t total, const char *what)
{
	struct doctor_command *command = state;

	terminal_progress(&command->err, done, total, what);
}

static void put_finding(struct buffer *out, const struct finding *finding)
{
	static const char *const levels[] = {"ok", "warn", "fail"};

	json_put_comma(out);
	buffer_append_char(out, '{');
	json_put_string_member(out, "id", slice_of(finding->id));
	json_put_string_member(out, "level", slice_of(levels[finding->level]));
	json_put_string_member(out, "text", slice_of(finding->text));
	json_put_name(out, "numbers");
	buffer_append_char(out, '{');
	for (size_t i = 0; i < finding->number_count; i++) {
		json_put_name(out, finding->numbers[i].name);
		json_put_number(out, finding->numbers[i].value);
	}
	buffer_append_char(out, '}');
	json_put_name(out, "remedies");
	buffer_append_char(out, '[');
	for (size_t i = 0; i < finding->remedy_count; i++) {
		const struct remedy *remedy = &finding->remedies[i];

		json_put_comma(out);
		buffer_append_char(out, '{');
		json_put_string_member(out, "server", slice_of(remedy->server));
		json_put_string_member(out, "file", slice_of(remedy->file));
		json_put_string_member(out, "line", slice_of(remedy->line));
		json_put_string_member(out, "why", slice_of(remedy->why));
		buffer_append_char(out, '}');
	}
	buffer_append_string(out, "]}");
}

static void print_json(const struct doctor_command *command)
{
	const struct findings *findings = command->findings;
	const struct measures *measures = command->measures;
	struct judge judge;
	struct buffer out;

	judge_init(&judge, measures, command->findings);
	buffer_init(&out, JSON_MAX);
	buffer_append_char(&out, '{');
	json_put_bool_member(&out, "ok", findings->failures == 0);
	json_put_int_member(&out, "failures", findings->failures);
	json_put_int_member(&out, "warnings", findings->warnings);
	json_put_string_member(&out, "url", slice_of(measures->base));
	json_put_string_member(&out, "server",
			       slice_of(server_kind_slug(judge.kind)));
	json_put_string_member(&out, "front",
			       slice_of(server_kind_front_slug(judge.front)));
	json_put_string_member(&out, "process",
			       slice_of(measures->selftest.process));
	json_put_name(&out, "findings");
	buffer_append_char(&out, '[');
	for (size_t i = 0; i < findings->count; i++)
		put_finding(&out, &findings->items[i]);
	buffer_append_string(&out, "]}");
	puts(buffer_string(&out));
	buffer_fini(&out);
}

static void print_report(const struct doctor_command *command)
{
	struct check_report report;
	struct terminal terminal;

	check_report_init(&report);
	check_site_report(&report, command->findings);
	terminal_init(&terminal, stdout);
	check_report_print(&report, &terminal);
	check_report_fini(&report);
}

static int examine(struct doctor_command *command)
{
	int ended = doctor_examine(&command->options, command->measures);

	terminal_progress_clear(&command->err);
	if (ended < 0)
		return cli_usage(&command_doctor,
				 "\"%s\" is no address of http or https",
				 command->url);
	if (ended > 0)
		return CLI_SIGNALLED + ended;
	judge_all(command->measures, command->findings);
	if (command->wants_json)
		print_json(command);
	else
		print_report(command);
	return command->findings->failures ? CLI_FAILED : CLI_OK;
}

static int doctor(struct doctor_command *command)
{
	struct log_options log = {
	    .level = LOG_LEVEL_ERROR, .target = "stderr", .ident = "doctor"};
	struct secret_file files[SECRET_FILES_MAX];
	struct config *config = NULL;
	int status;

	/* Only when it is named: from outside there is none. */
	if (command->config_path) {
		config = cli_load_config(command->config_path, false);
		if (!config)
			return CLI_FAILED;
		command->options.file_count = check_site_files(config, files);
	}
	log_open(&log);
	command->options.files = files;
	command->options.url = command->url;
	command->options.on_step = on_step;
	command->options.state = command;
	command->measures = memory_zalloc(sizeof(*command->measures));
	command->findings = finding_list_new();
	terminal_init(&command->err, stderr);
	status = examine(command);
	finding_list_free(command->findings);
	memory_free(command->measures);
	config_free(config);
	return status;
}

static int take_url(void *state, const char *text)
{
	struct doctor_command *command = state;

	if (command->url)
		return cli_usage(&command_doctor, "one URL only");
	command->url = text;
	return -1;
}

static int run(int argc, char **argv)
{
	struct doctor_command command = {0};
	const struct cli_option options[] = {
	    {.name = "", .take = take_url, .state = &command},
	    {.name = "quick", .letter = 'q', .flag = &command.options.is_quick},
	    {.name = "idle",
	     .number = &command.options.idle_s,
	     .min = 1,
	     .max = DOCTOR_IDLE_MAX_S},
	    {.name = "long",
	     .number = &command.options.long_s,
	     .min = 1,
	     .max = LONG_MAX_S},
	    {.name = "config", .letter = 'c', .text = &command.config_path},
	    {.name = "ca-file", .text = &command.options.ca_file},
	    {.name = "json", .flag = &command.wants_json},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_doctor, options, argc, argv);

	if (status >= 0)
		return status;
	if (!command.url)
		return cli_usage(&command_doctor, "no URL");
	return doctor(&command);
}

const struct cli_command command_doctor = {
    "doctor", "look at a site from outside: does it stream, what leaks?", help,
    run};
