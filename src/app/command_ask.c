/* SPDX-License-Identifier: ISC */
/*
 * One turn in this process, read like any other reader reads it: through the
 * journal, once per pass of the loop.
 */
#include "app/commands.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli_options.h"
#include "app/terminal.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "base/text.h"
#include "chat/chat.h"
#include "config/config.h"
#include "io/http.h"
#include "io/loop.h"
#include "serve/assemble.h"
#include "wire/native.h"

static const char help[] =
    "Usage: leat ask [OPTION]... QUESTION...\n"
    "       leat ask [OPTION]... -\n"
    "\n"
    "Asks as a visitor of the site would. The answer goes to standard output\n"
    "as it comes; what happens meanwhile and the sources go to standard\n"
    "error. With \"-\" the question is read from standard input. Ctrl-C stops\n"
    "the model, too.\n"
    "\n"
    "  -m, --model NAME   a configured provider, or a model that it allows\n"
    "  -n, --no-context   do not search the index\n"
    "  -i, --index FILE   the index file (else: the configured one)\n"
    "  -q, --quiet        only the answer\n"
    "      --json         print the whole result as JSON at the end\n"
    "  -c, --config FILE  configuration file\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0; 1 when there is no whole answer (what came of it was\n"
    "printed); 130 after Ctrl-C.\n"
    "\n"
    "Examples:\n"
    "  leat ask \"How do I reload nginx?\"\n"
    "  leat ask -m openai/gpt-4o - < question.txt\n"
    "  leat ask --json what is new | jq -r '.sources[].url'\n";

enum { RESULT_MAX = 128 * 1024 * 1024 };

struct ask_command {
	const char *config_path;
	const char *index_path;
	const char *model;
	bool no_context;
	bool is_quiet;
	bool wants_json;
	/* While the turn runs. */
	struct assembly assembly;
	struct turn *turn;
	struct journal_reader reader;
	struct terminal out;
	struct terminal err;
	bool in_line; /* the last byte of the answer was not LF */
	int signal_number;
	bool is_over;
	int status;
};

static void end_line(struct ask_command *command)
{
	if (command->in_line)
		fputc('\n', stdout);
	command->in_line = false;
	fflush(stdout);
}

static void show_status(struct ask_command *command,
			const struct event_status *status)
{
	char progress[16] = "";

	if (command->is_quiet || status->description.len == 0)
		return;
	if (command->out.is_terminal)
		end_line(command);
	if (status->progress >= 0 && status->state == STATE_PROGRESS)
		snprintf(progress, sizeof(progress), " (%d %%)",
			 status->progress);
	terminal_put_styled(&command->err,
			    status->state == STATE_FAILED ? STYLE_YELLOW
							  : STYLE_DIM,
			    status->description);
	terminal_put(&command->err, slice_of(progress));
	terminal_put(&command->err, SLICE_LITERAL("\n"));
}

static void show_content(struct ask_command *command, struct slice text)
{
	if (command->wants_json || text.len == 0)
		return;
	terminal_put(&command->out, text);
	command->in_line = text.data[text.len - 1] != '\n';
}

static void show_sources(struct ask_command *command,
			 const struct event_final *final)
{
	struct terminal *err = &command->err;

	if (command->is_quiet || final->source_count == 0)
		return;
	fputs("\nSources\n", stderr);
	for (uint32_t i = 0; i < final->source_count; i++) {
		const struct passage *source = &final->sources[i];

		fprintf(stderr, "[%u] ", i + 1);
		terminal_put_styled(err, STYLE_BOLD, source->title);
		if (source->heading.len) {
			terminal_put(err, SLICE_LITERAL(" > "));
			terminal_put(err, source->heading);
		}
		fputs("\n    ", stderr);
		terminal_put_styled(err, STYLE_GREEN, source->url);
		fputc('\n', stderr);
	}
}

static void print_json(const struct ask_command *command,
		       const struct event *event)
{
	struct journal *journal = turn_journal(command->turn);
	struct buffer out;

	buffer_init(&out, RESULT_MAX);
	if (event->type == EVENT_FINAL)
		native_put_result(&out, journal, &event->final);
	else
		native_put_object(&out, journal, event);
	puts(buffer_string(&out));
	buffer_fini(&out);
}

static void show_final(struct ask_command *command, const struct event *event)
{
	end_line(command);
	if (command->wants_json)
		print_json(command, event);
	else
		show_sources(command, &event->final);
	command->status = CLI_OK;
}

static void show_error(struct ask_command *command, const struct event *event)
{
	const struct event_error *error = &event->error;

	end_line(command);
	if (command->wants_json)
		print_json(command, event);
	terminal_put_styled(&command->err, STYLE_RED, SLICE_LITERAL("leat: "));
	terminal_put(&command->err, slice_of(error_sentence(error->code)));
	if (error->hint.len) {
		terminal_put(&command->err, SLICE_LITERAL(" "));
		terminal_put(&command->err, error->hint);
	}
	fprintf(stderr, " (%s)\n", error_name(error->code));
	command->status = CLI_FAILED;
}

static void show_event(struct ask_command *command, const struct event *event)
{
	switch (event->type) {
	case EVENT_STATUS:
		show_status(command, &event->status);
		break;
	case EVENT_CONTENT:
		show_content(command, event->text);
		break;
	case EVENT_FINAL:
		show_final(command, event);
		break;
	case EVENT_ERROR:
		show_error(command, event);
		break;
	case EVENT_REASONING:
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_RESULT:
		break;
	}
	command->is_over = event_is_terminal(event);
}

static void on_more(struct journal_reader *reader)
{
	struct ask_command *command =
	    LIST_ENTRY(reader, struct ask_command, reader);

	loop_again(command->assembly.loop);
}

/* Once per pass, after the chat's. */
static void on_pass(void *state)
{
	struct ask_command *command = state;
	struct journal_reader *reader = &command->reader;
	struct event event;

	if (command->turn && reader->journal) {
		while (!command->is_over &&
		       journal_next(reader->journal, &reader->place, &event))
			show_event(command, &event);
		fflush(stdout);
		/* Nobody takes the answer any more (EPIPE). */
		if (ferror(stdout))
			turn_stop(command->turn);
	}
	if (command->is_over && reader->journal)
		turn_detach(command->turn, reader);
	if (command->is_over && chat_open_turns(command->assembly.chat) == 0)
		loop_stop(command->assembly.loop);
}

/* The first one stops the model and lets the turn end; the second one does
 * not wait. */
static void on_signal(void *state, int number)
{
	struct ask_command *command = state;

	if (command->signal_number)
		_exit(CLI_SIGNALLED + number);
	command->signal_number = number;
	if (command->turn)
		turn_stop(command->turn);
}

static struct ask *make_ask(const struct ask_command *command,
			    struct slice question)
{
	struct ask *ask = ask_new();

	question = text_trim(question);
	ask->query = arena_copy(&ask->arena, question);
	ask->messages = arena_alloc(&ask->arena, sizeof(*ask->messages));
	ask->messages[0].role = ROLE_USER;
	ask->messages[0].content = ask->query;
	ask->message_count = 1;
	ask->wants_context = !command->no_context;
	if (command->model)
		ask->model = arena_copy(&ask->arena, slice_of(command->model));
	return ask;
}

static int run_turn(struct ask_command *command, struct slice question)
{
	struct assembly *assembly = &command->assembly;
	struct fault fault = {0};
	bool attached;

	loop_on_pass(assembly->loop, on_pass, command);
	loop_on_signal(assembly->loop, SIGINT, on_signal, command);
	loop_on_signal(assembly->loop, SIGTERM, on_signal, command);
	loop_on_signal(assembly->loop, SIGHUP, on_signal, command);
	command->turn = chat_ask(assembly->chat, make_ask(command, question),
				 &attached, &fault);
	if (!command->turn)
		return cli_failed_fault(&fault);
	turn_attach(command->turn, &command->reader, 0, on_more);
	loop_run(assembly->loop);
	if (command->signal_number)
		return CLI_SIGNALLED + command->signal_number;
	return command->status;
}

static int ask_once(struct ask_command *command, struct config *config,
		    struct slice question)
{
	static struct metrics metrics;
	struct log_options log = {
	    .level = LOG_LEVEL_ERROR, .target = "stderr", .ident = "ask"};
	struct assemble_options options = {.config = config,
					   .metrics = &metrics,
					   .self = {.incarnation = 1},
					   .is_short_lived = true};
	struct fault fault = {0};
	int status;

	if (command->index_path) {
		memory_free(config->context.index);
		config->context.index = memory_strdup(command->index_path);
	}
	/* What goes wrong is told as the error event. */
	log_open(&log);
	signal(SIGPIPE, SIG_IGN);
	terminal_init(&command->out, stdout);
	terminal_init(&command->err, stderr);
	if (!assemble_init(&command->assembly, &options, &fault))
		return cli_failed_fault(&fault);
	if (command->assembly.http &&
	    !http_client_prepare(command->assembly.http, &fault)) {
		assemble_fini(&command->assembly);
		return cli_failed_fault(&fault);
	}
	status = run_turn(command, question);
	if (loop_lookups(command->assembly.loop) > 0) {
		/* A name that nobody answers for: not waited for. */
		fflush(NULL);
		_exit(status);
	}
	assemble_fini(&command->assembly);
	return status;
}

static int run(int argc, char **argv)
{
	struct ask_command command = {.status = CLI_FAILED};
	const struct cli_option options[] = {
	    {.name = "model", .letter = 'm', .text = &command.model},
	    {.name = "no-context", .letter = 'n', .flag = &command.no_context},
	    {.name = "index", .letter = 'i', .text = &command.index_path},
	    {.name = "quiet", .letter = 'q', .flag = &command.is_quiet},
	    {.name = "json", .flag = &command.wants_json},
	    {.name = "config", .letter = 'c', .text = &command.config_path},
	    {.name = NULL},
	};
	struct config *config;
	struct buffer question;
	int status = cli_options_read(&command_ask, options, argc, argv);

	if (status >= 0)
		return status;
	config = cli_load_config(command.config_path, true);
	if (!config)
		return CLI_FAILED;
	buffer_init(&question, config->limits.query_bytes);
	status = cli_read_words(&command_ask, argv + optind, &question);
	if (status < 0)
		status = ask_once(&command, config, buffer_slice(&question));
	buffer_fini(&question);
	config_free(config);
	return status;
}

const struct cli_command command_ask = {
    "ask", "ask a question and print the answer as it comes", help, run};
