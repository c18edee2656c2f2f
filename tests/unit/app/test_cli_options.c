/* SPDX-License-Identifier: ISC */
#include "app/cli_options.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct cli_command command = {
    .name = "test", .summary = "", .help = "Usage\n", .run = NULL};

static bool is_loud;
static const char *file;
static unsigned count;
static char seen[64];
static char plus[] = "+";
static char equals[] = "=";

static int note(void *state, const char *text)
{
	strcat(seen, state);
	strcat(seen, text);
	return strcmp(text, "stop") ? -1 : 7;
}

static const struct cli_option options[] = {
    {.name = "loud", .letter = 'l', .flag = &is_loud},
    {.name = "file", .letter = 'f', .text = &file},
    {.name = "count", .number = &count, .min = 1, .max = 9},
    {.name = "add", .letter = 'a', .take = note, .state = plus},
    {.name = NULL},
};

static const struct cli_option in_order[] = {
    {.name = "add", .letter = 'a', .take = note, .state = plus},
    {.name = "", .take = note, .state = equals},
    {.name = NULL},
};

static int read_with(const struct cli_option *table, const char *line)
{
	static char words[128];
	static char *argv[16];
	int argc = 0;

	strcpy(words, line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	is_loud = false;
	file = NULL;
	count = 0;
	seen[0] = '\0';
	optind = 0;
	return cli_options_read(&command, table, argc, argv);
}

static void values_go_where_the_table_says(void **state)
{
	(void)state;
	assert_int_equal(
	    read_with(options, "leat -l --file a.conf --count=4 -a x rest"),
	    -1);
	assert_true(is_loud);
	assert_string_equal(file, "a.conf");
	assert_int_equal(count, 4);
	assert_string_equal(seen, "+x");
	assert_int_equal(optind, 7);
}

static void a_number_keeps_to_its_range(void **state)
{
	(void)state;
	assert_int_equal(read_with(options, "leat --count 0"), CLI_USAGE);
	assert_int_equal(read_with(options, "leat --count 10"), CLI_USAGE);
	assert_int_equal(read_with(options, "leat --count 1x"), CLI_USAGE);
	assert_int_equal(count, 0);
}

static void help_ends_the_command_well(void **state)
{
	(void)state;
	assert_int_equal(read_with(options, "leat -l --help"), CLI_OK);
	assert_int_equal(read_with(options, "leat -h"), CLI_OK);
}

static void what_is_unknown_or_incomplete_is_a_usage_error(void **state)
{
	(void)state;
	assert_int_equal(read_with(options, "leat --quiet"), CLI_USAGE);
	assert_int_equal(read_with(options, "leat --file"), CLI_USAGE);
}

static void arguments_come_in_their_place_where_the_table_wants_it(void **state)
{
	(void)state;
	assert_int_equal(read_with(in_order, "leat a -a b c"), -1);
	assert_string_equal(seen, "=a+b=c");
}

static void a_reader_of_values_may_end_the_command(void **state)
{
	(void)state;
	assert_int_equal(read_with(options, "leat -a stop -l"), 7);
	assert_false(is_loud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_go_where_the_table_says),
	    cmocka_unit_test(a_number_keeps_to_its_range),
	    cmocka_unit_test(help_ends_the_command_well),
	    cmocka_unit_test(what_is_unknown_or_incomplete_is_a_usage_error),
	    cmocka_unit_test(
		arguments_come_in_their_place_where_the_table_wants_it),
	    cmocka_unit_test(a_reader_of_values_may_end_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
