/* SPDX-License-Identifier: ISC */
/*
 * The options of a command: a table that says where each value goes. Reading
 * them is the same for all commands; --help is everybody's.
 */
#ifndef LEAT_APP_CLI_OPTIONS_H
#define LEAT_APP_CLI_OPTIONS_H

#include "app/cli.h"

enum { CLI_OPTIONS_MAX = 16 };

struct cli_option {
	const char *name; /* "json"; "": whatever is not an option, in order */
	char letter;	  /* 0: has none */
	/* One of these. */
	bool *flag;	   /* becomes true */
	const char **text; /* argv's own */
	unsigned *number;  /* min to max */
	/* -1: go on; else the exit status, and the reason was printed. */
	int (*take)(void *state, const char *text);
	void *state;
	unsigned min;
	unsigned max;
};

/* options: a name of NULL ends them. -1: go on, and optind is the first
 * argument; else the exit status, after help or the reason was printed. */
int cli_options_read(const struct cli_command *command,
		     const struct cli_option *options, int argc, char **argv);
/* After it, for a command that takes no arguments: -1 or the exit status. */
int cli_options_end(const struct cli_command *command, int argc, char **argv);

#endif
