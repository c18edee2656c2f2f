/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "app/cli_options.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/memory.h"
#include "config/config.h"
#include "context/index_build.h"

static const char help[] =
    "Usage: leat index [OPTION]... PATH...\n"
    "\n"
    "Reads folders and files of HTML, Markdown and text and makes one index\n"
    "file of them, from which questions are answered. The new file replaces\n"
    "the old one when it is whole; a running pool takes it up by itself.\n"
    "Files that cannot be read are named and skipped. Ctrl-C leaves the old\n"
    "index as it was.\n"
    "\n"
    "  -b, --base-url URL   public address of the PATHs that follow; without\n"
    "                       it, addresses in answers begin with \"/\"\n"
    "  -r, --root DIR       the folder that the base URL shows, for the PATHs\n"
    "                       that follow (else: each PATH itself)\n"
    "  -o, --output FILE    the index file (else: the configured one)\n"
    "  -l, --language CODE  language of documents that do not say, as \"en\"\n"
    "  -q, --quiet          name only what was skipped\n"
    "      --json           print the counts as JSON\n"
    "  -c, --config FILE    configuration file\n"
    "  -h, --help           this text\n"
    "\n"
    "Examples:\n"
    "  leat index --base-url https://example.org/docs/ /srv/www/docs\n"
    "  leat index --root /srv/www --base-url https://example.org/ \\\n"
    "      /srv/www/manual /srv/www/faq.html\n"
    "  leat index --base-url /blog/ /srv/blog --base-url /wiki/ /srv/wiki\n";

enum { SOURCES_MAX = 256 };

struct index_command {
	struct index_options options;
	struct index_source sources[SOURCES_MAX];
	struct index_source next; /* what the next PATH belongs to */
	bool next_is_given;	  /* and no PATH has come since */
	const char *config_path;
	bool is_quiet;
	bool wants_json;
	struct terminal terminal;
};

static atomic_bool cancelled;
static volatile sig_atomic_t signal_seen;

static void on_signal(int number)
{
	signal_seen = number;
	atomic_store(&cancelled, true);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = SA_RESTART | SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void on_file(void *state, size_t done, size_t total, const char *name)
{
	struct index_command *command = state;

	terminal_progress(&command->terminal, done, total, name);
}

static void on_skipped(void *state, const char *name, const char *reason)
{
	struct index_command *command = state;
	struct terminal *terminal = &command->terminal;

	terminal_progress_clear(terminal);
	terminal_put_styled(terminal, STYLE_YELLOW, SLICE_LITERAL("skipped "));
	terminal_put(terminal, slice_of(name));
	terminal_put(terminal, SLICE_LITERAL(": "));
	terminal_put(terminal, slice_of(reason));
	terminal_put(terminal, SLICE_LITERAL("\n"));
}

static void print_counts(const struct index_command *command,
			 const struct index_counts *counts)
{
	struct buffer out;

	if (!command->wants_json) {
		if (!command->is_quiet)
			printf("%s: %zu passages of %zu files (%zu skipped), "
			       "%.1f MiB\n",
			       command->options.index_path, counts->passages,
			       counts->files, counts->skipped,
			       (double)counts->index_bytes / 1048576);
		return;
	}
	buffer_init(&out, 64 * 1024);
	buffer_append_char(&out, '{');
	json_put_string_member(&out, "index",
			       slice_of(command->options.index_path));
	json_put_int_member(&out, "files", (int64_t)counts->files);
	json_put_int_member(&out, "skipped", (int64_t)counts->skipped);
	json_put_int_member(&out, "passages", (int64_t)counts->passages);
	json_put_int_member(&out, "read_bytes", (int64_t)counts->read_bytes);
	json_put_int_member(&out, "index_bytes", (int64_t)counts->index_bytes);
	buffer_append_char(&out, '}');
	puts(buffer_string(&out));
	buffer_fini(&out);
}

static int build(struct index_command *command)
{
	struct index_counts counts = {0};
	struct index_progress progress = {
	    .on_file = command->is_quiet ? NULL : on_file,
	    .on_skipped = on_skipped,
	    .state = command,
	    .cancelled = &cancelled,
	    .counts = &counts,
	};
	struct fault fault = {0};
	bool is_built;

	terminal_init(&command->terminal, stderr);
	catch_signals();
	is_built = index_build(&command->options, &progress, &fault);
	terminal_progress_clear(&command->terminal);
	if (is_built) {
		print_counts(command, &counts);
		return CLI_OK;
	}
	if (fault.code != ERROR_CANCELLED)
		return cli_failed_fault(&fault);
	cli_failed("stopped; the index is as it was");
	return CLI_SIGNALLED + signal_seen;
}

/* --base-url and --root hold for the paths after them; one that comes after
 * a path begins anew. */
static int begin_source(struct index_command *command, const char *base_url,
			const char *root)
{
	if (!command->next_is_given)
		command->next = (struct index_source){0};
	command->next_is_given = true;
	if (base_url)
		command->next.base_url = base_url;
	if (root)
		command->next.root = root;
	return -1;
}

static int take_base_url(void *state, const char *text)
{
	return begin_source(state, text, NULL);
}

static int take_root(void *state, const char *text)
{
	return begin_source(state, NULL, text);
}

static int take_path(void *state, const char *path)
{
	struct index_command *command = state;

	if (strstr(path, "://"))
		return cli_usage(&command_index,
				 "\"%s\" is an address: name the folder with "
				 "its files, and the address with --base-url",
				 path);
	if (command->options.source_count == SOURCES_MAX)
		return cli_usage(&command_index, "at most 256 paths");
	command->next.path = path;
	command->sources[command->options.source_count++] = command->next;
	command->next_is_given = false;
	return -1;
}

static int check_sources(const struct index_command *command)
{
	if (command->options.source_count == 0)
		return cli_usage(&command_index, "no folder or file to read");
	if (command->next_is_given)
		return cli_usage(&command_index,
				 "--base-url and --root belong before the "
				 "paths for which they hold");
	return -1;
}

static int index_documents(struct index_command *command)
{
	struct config *config = cli_load_config(command->config_path, false);
	int status;

	if (!config)
		return CLI_FAILED;
	command->options.sources = command->sources;
	if (!command->options.index_path)
		command->options.index_path = config->context.index;
	if (command->options.index_path[0])
		status = build(command);
	else
		status = cli_failed("no index is configured (context { index "
				    "= … }), and --output is missing");
	config_free(config);
	return status;
}

static int run(int argc, char **argv)
{
	struct index_command command = {0};
	const struct cli_option options[] = {
	    {.name = "base-url",
	     .letter = 'b',
	     .take = take_base_url,
	     .state = &command},
	    {.name = "root",
	     .letter = 'r',
	     .take = take_root,
	     .state = &command},
	    {.name = "output",
	     .letter = 'o',
	     .text = &command.options.index_path},
	    {.name = "language",
	     .letter = 'l',
	     .text = &command.options.language},
	    {.name = "quiet", .letter = 'q', .flag = &command.is_quiet},
	    {.name = "json", .flag = &command.wants_json},
	    {.name = "config", .letter = 'c', .text = &command.config_path},
	    {.name = "", .take = take_path, .state = &command},
	    {.name = NULL},
	};
	int status = cli_options_read(&command_index, options, argc, argv);

	for (; status < 0 && optind < argc; optind++)
		status = take_path(&command, argv[optind]);
	if (status < 0)
		status = check_sources(&command);
	return status < 0 ? index_documents(&command) : status;
}

const struct cli_command command_index = {
    "index", "read the site's documents into an index", help, run};
