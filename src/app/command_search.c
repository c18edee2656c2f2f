/* SPDX-License-Identifier: ISC */
#include "app/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli_options.h"
#include "app/passages.h"
#include "app/terminal.h"
#include "base/text.h"
#include "config/config.h"
#include "context/site_retriever.h"
#include "io/loop.h"
#include "wire/native.h"

static const char help[] =
    "Usage: leat search [OPTION]... WORD...\n"
    "\n"
    "Prints the passages of the index that fit best: what a model would be\n"
    "given for this question.\n"
    "\n"
    "  -n, --count N      at most N passages (1 to 50; else: as configured)\n"
    "  -i, --index FILE   the index file (else: the configured one)\n"
    "      --json         print them as JSON\n"
    "  -c, --config FILE  configuration file\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0, also when nothing fits; 1 when there is no index.\n"
    "\n"
    "Examples:\n"
    "  leat search rewrite rules\n"
    "  leat search --json -n 3 \"how do I reload nginx?\"\n";

struct search_command {
	const char *config_path;
	const char *index_path;
	unsigned count;
	bool wants_json;
	/* While it runs. */
	struct loop *loop;
	struct arena arena;
	struct slice query;
	unsigned snippet_bytes;
	int status;
};

enum { COUNT_MAX = 50 };

static void print_list(const struct search_command *command,
		       const struct retrieval_result *result)
{
	struct terminal terminal;

	terminal_init(&terminal, stdout);
	if (result->passage_count == 0)
		fputs("leat: nothing fits\n", stderr);
	for (size_t i = 0; i < result->passage_count; i++)
		passages_put(&terminal, &result->passages[i], i + 1,
			     command->snippet_bytes);
}

static void print_json(const struct search_command *command,
		       const struct retrieval_result *result)
{
	struct buffer out;

	buffer_init(&out, 4 * 1024 * 1024);
	native_put_search(&out, command->query, result, command->snippet_bytes);
	fputs(buffer_string(&out), stdout);
	buffer_fini(&out);
}

static void on_found(void *state, const struct retrieval_result *result)
{
	struct search_command *command = state;

	command->status = CLI_OK;
	if (!result->is_ok)
		command->status = cli_failed_fault(&result->fault);
	else if (command->wants_json)
		print_json(command, result);
	else
		print_list(command, result);
	loop_stop(command->loop);
}

static int search(struct search_command *command, const struct config *config)
{
	struct site_retriever_options options = {
	    .path = command->index_path ? command->index_path
					: config->context.index,
	    .max_passages = (int)config->context.passages,
	    /* Passages for a reader, not for a model's window. */
	    .max_characters = COUNT_MAX * 1200,
	};
	struct retrieval_ask ask = {.query = command->query,
				    .max_passages = (int)command->count};
	struct retriever *retriever;

	if (!options.path[0])
		return cli_failed("no index is configured (context { index = "
				  "… }), and --index is missing");
	command->snippet_bytes = config->context.snippet_bytes;
	command->loop = loop_new();
	arena_init(&command->arena);
	retriever = site_retriever_new(command->loop, &options);
	retriever->ops->start(retriever, &ask, &command->arena, on_found,
			      command);
	loop_run(command->loop);
	retriever->ops->free(retriever);
	arena_fini(&command->arena);
	loop_free(command->loop);
	return command->status;
}

static int run(int argc, char **argv)
{
	struct search_command command = {0};
	const struct cli_option options[] = {
	    {.name = "count",
	     .letter = 'n',
	     .number = &command.count,
	     .min = 1,
	     .max = COUNT_MAX},
	    {.name = "index", .letter = 'i', .text = &command.index_path},
	    {.name = "json", .flag = &command.wants_json},
	    {.name = "config", .letter = 'c', .text = &command.config_path},
	    {.name = NULL},
	};
	struct config *config;
	struct buffer query;
	int status = cli_options_read(&command_search, options, argc, argv);

	if (status >= 0)
		return status;
	config = cli_load_config(command.config_path, false);
	if (!config)
		return CLI_FAILED;
	buffer_init(&query, config->limits.query_bytes);
	status = cli_read_words(&command_search, argv + optind, &query);
	if (status < 0) {
		command.query = buffer_slice(&query);
		status = search(&command, config);
	}
	buffer_fini(&query);
	config_free(config);
	return status;
}

const struct cli_command command_search = {
    "search", "print the passages that fit a question", help, run};
