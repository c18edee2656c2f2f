/* SPDX-License-Identifier: ISC */
/*
 * The command line: which command, and what all commands share. Data goes to
 * standard output, everything else to standard error. A command returns its
 * exit status: 0, 1 (it failed, and said why) or 2 (it was called wrongly).
 */
#ifndef LEAT_APP_CLI_H
#define LEAT_APP_CLI_H

#include <stdbool.h>

#include "base/error.h"

struct buffer;
struct config;

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SIGNALLED = 128 };

struct cli_command {
	const char *name;
	const char *summary; /* for the list of commands */
	const char *help;    /* the whole text of --help */
	/* argv[0] is "leat NAME", for getopt's messages. */
	int (*run)(int argc, char **argv);
};

int cli_main(int argc, char **argv);

/* Each prints and returns the exit status. */
int cli_print_help(const struct cli_command *command);
/* After getopt has said what it does not like: where help is. */
int cli_usage_error(const struct cli_command *command);
/* The same with words of our own. */
int cli_usage(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int cli_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_failed_fault(const struct fault *fault);

/* The configuration that `given` (-c; NULL: where it is usually found)
 * names. Keys are only read where a provider may be asked. NULL: the
 * problems were printed. The caller frees it. */
struct config *cli_load_config(const char *given, bool with_keys);

/* The arguments up to NULL, with a space between, as one question; a single
 * "-" reads it from standard input. -1: it is there and good; else the exit
 * status, after the reason was printed. */
int cli_read_words(const struct cli_command *command, char **words,
		   struct buffer *out);

#endif
