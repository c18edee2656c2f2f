/* SPDX-License-Identifier: ISC */
#include "app/cli_options.h"

#include <getopt.h>
#include <string.h>

#include "base/text.h"

/* getopt's value for an option is its place in the table, above all letters;
 * 1 is what it returns for an argument in order. */
enum { ARGUMENT = 1, FIRST = 256 };

struct getopt_tables {
	struct option names[CLI_OPTIONS_MAX + 2];
	char letters[2 * CLI_OPTIONS_MAX + 4];
};

static bool has_value(const struct cli_option *option)
{
	return !option->flag;
}

static void add_letter(char *letters, char letter, bool with_value)
{
	size_t len = strlen(letters);

	letters[len++] = letter;
	if (with_value)
		letters[len++] = ':';
	letters[len] = '\0';
}

static void fill_tables(struct getopt_tables *tables,
			const struct cli_option *options)
{
	struct option *name = tables->names;

	memset(tables, 0, sizeof(*tables));
	for (int i = 0; options[i].name; i++)
		if (!options[i].name[0])
			tables->letters[0] = '-';
	for (int i = 0; options[i].name && i < CLI_OPTIONS_MAX; i++) {
		if (!options[i].name[0])
			continue;
		*name++ = (struct option){
		    options[i].name,
		    has_value(&options[i]) ? required_argument : no_argument,
		    NULL, FIRST + i};
		if (options[i].letter)
			add_letter(tables->letters, options[i].letter,
				   has_value(&options[i]));
	}
	*name = (struct option){"help", no_argument, NULL, 'h'};
	add_letter(tables->letters, 'h', false);
}

static const struct cli_option *find(const struct cli_option *options,
				     int found)
{
	if (found >= FIRST)
		return &options[found - FIRST];
	for (; options->name; options++)
		if (found == ARGUMENT ? !options->name[0]
				      : options->letter == found)
			return options;
	return NULL;
}

static int read_number(const struct cli_command *command,
		       const struct cli_option *option, const char *text)
{
	uint64_t value;

	if (!text_parse_uint(slice_of(text), &value) || value < option->min ||
	    value > option->max)
		return cli_usage(command,
				 "--%s: found \"%s\"; allowed: %u to %u",
				 option->name, text, option->min, option->max);
	*option->number = (unsigned)value;
	return -1;
}

static int take(const struct cli_command *command,
		const struct cli_option *option, const char *text)
{
	if (option->take)
		return option->take(option->state, text);
	if (option->number)
		return read_number(command, option, text);
	if (option->flag)
		*option->flag = true;
	else
		*option->text = text;
	return -1;
}

int cli_options_read(const struct cli_command *command,
		     const struct cli_option *options, int argc, char **argv)
{
	struct getopt_tables tables;
	int status = -1;
	int found;

	fill_tables(&tables, options);
	while (status < 0 && (found = getopt_long(argc, argv, tables.letters,
						  tables.names, NULL)) != -1) {
		const struct cli_option *option = find(options, found);

		if (option)
			status = take(command, option, optarg);
		else if (found == 'h')
			status = cli_print_help(command);
		else
			status = cli_usage_error(command);
	}
	return status;
}

int cli_options_end(const struct cli_command *command, int argc, char **argv)
{
	if (optind < argc)
		return cli_usage(command,
				 "found \"%s\", which is none of the options",
				 argv[optind]);
	return -1;
}
