/* SPDX-License-Identifier: ISC */
#include "app/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/start_mode.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "pool/descriptors.h"
#include "serve/cgi_process.h"
#include <config.h>

static const struct cli_command *const commands[] = {
    &command_serve,  &command_status, &command_top,   &command_index,
    &command_search, &command_ask,    &command_check, &command_doctor};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_commands(FILE *out)
{
	fputs("Usage: leat COMMAND [OPTION]... [ARGUMENT]...\n"
	      "\n"
	      "Gives a site behind nginx or Apache a streaming chat: finds "
	      "passages of the\n"
	      "site's own documents, asks a language model, and streams the "
	      "answer.\n"
	      "\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n"
	      "  -h, --help     this text; after a command, all about it\n"
	      "  -V, --version  the version\n"
	      "\n"
	      "First steps, without a key and without a web server:\n"
	      "  leat index --output site.db /usr/share/doc/leat\n"
	      "  leat ask --index site.db \"How do I reload nginx?\"\n"
	      "\n"
	      "The configuration is the file of -c, $LEAT_CONFIG, ./leat.conf "
	      "or\n" LEAT_SYSCONFDIR
	      "/leat/leat.conf, whichever is there first: leat.conf(5).\n",
	      out);
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	if (!strcmp(command_worker.name, name))
		return &command_worker;
	return strcmp(command_candidate.name, name) ? NULL : &command_candidate;
}

static int unknown_command(const char *name)
{
	fprintf(stderr,
		"leat: there is no %s \"%s\"\n"
		"Try 'leat --help'.\n",
		name[0] == '-' ? "option" : "command", name);
	return CLI_USAGE;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
	char name[32];
	int status;

	snprintf(name, sizeof(name), "leat %s", command->name);
	argv[0] = name;
	status = command->run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK)
		return cli_failed("standard output cannot be written to");
	return status;
}

static bool is_either(const char *word, const char *name, const char *letter)
{
	return !strcmp(word, name) || !strcmp(word, letter);
}

static int run_named(int argc, char **argv)
{
	const struct cli_command *command;
	const char *name = argc > 1 ? argv[1] : NULL;
	bool is_help;

	if (!name) {
		print_commands(stderr);
		return CLI_USAGE;
	}
	if (is_either(name, "--version", "-V")) {
		puts("leat " PACKAGE_VERSION);
		return CLI_OK;
	}
	is_help = !strcmp(name, "help");
	if ((is_help && argc < 3) || is_either(name, "--help", "-h")) {
		print_commands(stdout);
		return CLI_OK;
	}
	command = find_command(is_help ? argv[2] : name);
	if (!command)
		return unknown_command(is_help ? argv[2] : name);
	if (is_help)
		return cli_print_help(command);
	return run_command(command, argc - 1, argv + 1);
}

int cli_main(int argc, char **argv)
{
	struct start_facts facts;

	descriptors_fill();
	/* A file as large as `ulimit -f` allows (the log) is an error of the
	 * write, like a full disk, and not the end. */
	signal(SIGXFSZ, SIG_IGN);
	start_mode_look(&facts, argc, argv);
	switch (start_mode_of(&facts)) {
	case START_ALONE:
		return argc > 1 ? run_named(argc, argv)
				: run_command(&command_serve, argc, argv);
	case START_CGI:
		cgi_process_run();
	case START_MISTAKE:
		fputs(start_mode_mistake, stderr);
		return CLI_USAGE;
	default:
		return run_named(argc, argv);
	}
}

int cli_print_help(const struct cli_command *command)
{
	fputs(command->help, stdout);
	return CLI_OK;
}

int cli_usage_error(const struct cli_command *command)
{
	fprintf(stderr, "Try 'leat %s --help'.\n", command->name);
	return CLI_USAGE;
}

int cli_usage(const struct cli_command *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "leat %s: ", command->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return cli_usage_error(command);
}

int cli_failed(const char *format, ...)
{
	va_list arguments;

	fputs("leat: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return CLI_FAILED;
}

int cli_failed_fault(const struct fault *fault)
{
	const char *sentence = error_sentence(fault->code);

	if (fault->hint[0] && fault->detail[0])
		return cli_failed("%s (%s)", fault->hint, fault->detail);
	if (fault->hint[0])
		return cli_failed("%s", fault->hint);
	if (fault->detail[0])
		return cli_failed("%s (%s)", sentence, fault->detail);
	return cli_failed("%s", sentence);
}

struct config *cli_load_config(const char *given, bool with_keys)
{
	struct buffer problems;
	char *path = config_find(given);
	struct config *config;

	buffer_init(&problems, 64 * 1024);
	config = with_keys ? config_load(path, &problems)
			   : config_load_public(path, &problems);
	fputs(buffer_string(&problems), stderr);
	buffer_fini(&problems);
	memory_free(path);
	return config;
}

static bool read_input(struct buffer *out)
{
	char chunk[4096];
	size_t len;

	while ((len = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		if (!buffer_append(out, chunk, len))
			return true;
	return !ferror(stdin);
}

int cli_read_words(const struct cli_command *command, char **words,
		   struct buffer *out)
{
	if (words[0] && !words[1] && !strcmp(words[0], "-")) {
		if (!read_input(out))
			return cli_failed("standard input cannot be read");
	} else {
		for (size_t i = 0; words[i]; i++) {
			if (i)
				buffer_append_char(out, ' ');
			buffer_append_string(out, words[i]);
		}
	}
	if (out->overflowed)
		return cli_failed("the question is longer than %zu bytes "
				  "(limits { query = … })",
				  out->max_len);
	if (text_trim(buffer_slice(out)).len == 0)
		return cli_usage(command, "no question");
	if (!text_is_utf8(out->data, out->len))
		return cli_failed("the question is not UTF-8");
	return -1;
}
