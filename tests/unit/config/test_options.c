/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/option_value.h"
#include "config/options.h"
#include "config/options_print.h"

static void every_default_fits_its_own_option(void **state)
{
	struct buffer text;
	struct buffer problems;

	(void)state;
	buffer_init(&text, 4096);
	buffer_init(&problems, 64 * 1024);
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];
		const char *section = options_section_name(spec->section);
		bool is_provider = spec->section == SECTION_PROVIDER;
		struct config *config;

		/* An empty text is the same as leaving the option out. */
		if (spec->type != OPTION_LIST && !spec->fallback[0])
			continue;
		buffer_clear(&text);
		buffer_printf(&text, "%s%s%s%s = ", section,
			      is_provider ? " x" : "", section[0] ? " { " : "",
			      spec->name);
		options_print_default(&text, spec);
		buffer_append_string(&text, section[0] ? " }\n" : "\n");
		config = config_parse(buffer_slice(&text), "t", &problems);
		if (!config)
			fail_msg("%s: %s", buffer_string(&text),
				 buffer_string(&problems));
		config_free(config);
	}
	buffer_fini(&problems);
	buffer_fini(&text);
}

static void no_two_options_share_a_name_or_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *a = &options_table[i];

		assert_non_null(a->help);
		assert_ptr_equal(options_find(a->section, a->name), a);
		for (size_t j = 0; j < i; j++) {
			const struct option_spec *b = &options_table[j];
			bool same_struct = (a->section == SECTION_PROVIDER) ==
					   (b->section == SECTION_PROVIDER);

			assert_false(same_struct && a->offset == b->offset);
		}
	}
}

/* Without its comment marks, what is printed is a file that says nothing. */
static void the_printed_file_has_every_default(void **state)
{
	struct buffer out;
	struct buffer text;
	struct buffer problems;
	struct config *config;
	char line[400];

	(void)state;
	buffer_init(&out, 256 * 1024);
	buffer_init(&text, 256 * 1024);
	buffer_init(&problems, 64 * 1024);
	options_print_file(&out);
	for (const char *at = buffer_string(&out); *at;) {
		size_t len = strcspn(at, "\n") + 1;
		const char *mark;

		snprintf(line, sizeof(line), "%.*s", (int)len, at);
		mark = strchr(line, '#');
		if (mark && (strstr(line, " = ") || strchr(line, '}') ||
			     strstr(line, "{\n")))
			line[mark - line] = ' ';
		buffer_append_string(&text, line);
		at += len;
	}
	config = config_parse(buffer_slice(&text), "t", &problems);
	if (!config)
		fail_msg("%s", buffer_string(&problems));
	assert_int_equal(config->limits.heartbeat_ms, 10000);
	config_free(config);
	buffer_fini(&problems);
	buffer_fini(&text);
	buffer_fini(&out);
}

/* The manual page as lines. */
struct manual {
	FILE *file;
	char line[1000];
};

static bool next_line(struct manual *manual)
{
	if (!fgets(manual->line, sizeof(manual->line), manual->file))
		return false;
	manual->line[strcspn(manual->line, "\n")] = '\0';
	return true;
}

/* What the page must say after "Default:" and in the line after it. */
static void expect_default(struct manual *manual,
			   const struct option_spec *spec)
{
	struct buffer value;
	struct buffer range;
	struct buffer line;

	buffer_init(&value, 1000);
	buffer_init(&range, 1000);
	buffer_init(&line, 1000);
	options_print_default(&value, spec);
	options_describe_range(&range, spec);
	for (const char *at = buffer_string(&value); *at; at++)
		if (*at == '"')
			buffer_append_string(&line, "\\(dq");
		else
			buffer_append_char(&line, *at);
	buffer_clear(&value);
	buffer_printf(&value, ".Li %s %s", buffer_string(&line),
		      range.len ? "," : ".");
	assert_true(next_line(manual));
	if (strcmp(manual->line, buffer_string(&value)) != 0)
		fail_msg("%s: the manual says \"%s\", the table \"%s\"",
			 spec->name, manual->line, buffer_string(&value));
	if (range.len) {
		buffer_append_char(&range, '.');
		assert_true(next_line(manual));
		assert_string_equal(manual->line, buffer_string(&range));
	}
	buffer_fini(&line);
	buffer_fini(&range);
	buffer_fini(&value);
}

static const struct option_spec *option_of_line(const char *line,
						enum option_section section)
{
	const struct option_spec *spec;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
	spec = options_find(section, name);
	if (!spec)
		fail_msg("the manual has %s, the table has not", name);
	return spec;
}

static bool is_empty_default(const struct option_spec *spec)
{
	return !spec->fallback[0] &&
	       (spec->type == OPTION_STRING || spec->type == OPTION_PATH ||
		spec->type == OPTION_LIST);
}

/* In the table's order, each with its default and range, and nothing else. */
static void the_manual_page_has_the_table(void **state)
{
	struct manual manual = {.file = fopen(MANUAL_PAGE, "r")};
	const struct option_spec *spec = NULL;
	enum option_section section = SECTION_TOP;
	size_t count = 0;
	bool in_options = false;

	(void)state;
	assert_non_null(manual.file);
	while (next_line(&manual)) {
		const char *line = manual.line;

		if (!strncmp(line, ".Sh ", 4))
			in_options = !strcmp(line, ".Sh OPTIONS");
		else if (in_options && !strncmp(line, ".Ss ", 4))
			section = strcmp(line + 4, "Top level")
				      ? options_section_find(line + 4)
				      : SECTION_TOP;
		else if (in_options && !strncmp(line, ".It Ic ", 7))
			spec = option_of_line(line + 7, section);
		if (strncmp(line, "Default:", 8) != 0)
			continue;
		assert_non_null(spec);
		assert_ptr_equal(spec, &options_table[count++]);
		if (is_empty_default(spec))
			assert_string_equal(line, "Default: empty.");
		else
			expect_default(&manual, spec);
		spec = NULL;
	}
	assert_int_equal(count, options_table_count);
	fclose(manual.file);
}

static void the_nearest_name_is_near(void **state)
{
	(void)state;
	assert_string_equal(options_nearest(SECTION_TOP, "worker"), "workers");
	assert_string_equal(options_nearest(SECTION_TOP, "contxt"), "context");
	assert_string_equal(options_nearest(SECTION_LIMITS, "heart_beat"),
			    "heartbeat");
	assert_null(options_nearest(SECTION_TOP, "x"));
	assert_null(options_nearest(SECTION_TOP, "completely_else"));
	assert_null(options_nearest(
	    SECTION_TOP, "a_name_that_is_longer_than_any_option_could_be_in_"
			 "the_table"));
}

static void durations_are_milliseconds(void **state)
{
	unsigned long long ms;

	(void)state;
	assert_true(option_value_parse_duration("30", &ms));
	assert_int_equal(ms, 30000);
	assert_true(option_value_parse_duration("500ms", &ms));
	assert_int_equal(ms, 500);
	assert_true(option_value_parse_duration("2M", &ms));
	assert_int_equal(ms, 120000);
	assert_true(option_value_parse_duration("1h", &ms));
	assert_int_equal(ms, 3600000);
	assert_false(option_value_parse_duration("", &ms));
	assert_false(option_value_parse_duration("s", &ms));
	assert_false(option_value_parse_duration("1.5s", &ms));
	assert_false(option_value_parse_duration("-1s", &ms));
	assert_false(option_value_parse_duration("1 s", &ms));
	assert_false(option_value_parse_duration("18446744073709551615h", &ms));
}

static void sizes_are_bytes(void **state)
{
	unsigned long long bytes;

	(void)state;
	assert_true(option_value_parse_size("65536", &bytes));
	assert_int_equal(bytes, 65536);
	assert_true(option_value_parse_size("64k", &bytes));
	assert_int_equal(bytes, 65536);
	assert_true(option_value_parse_size("8M", &bytes));
	assert_int_equal(bytes, 8388608);
	assert_false(option_value_parse_size("8MB", &bytes));
	assert_false(option_value_parse_size("M", &bytes));
	assert_false(option_value_parse_size("18446744073709551615G", &bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_default_fits_its_own_option),
	    cmocka_unit_test(no_two_options_share_a_name_or_a_place),
	    cmocka_unit_test(the_printed_file_has_every_default),
	    cmocka_unit_test(the_manual_page_has_the_table),
	    cmocka_unit_test(the_nearest_name_is_near),
	    cmocka_unit_test(durations_are_milliseconds),
	    cmocka_unit_test(sizes_are_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
