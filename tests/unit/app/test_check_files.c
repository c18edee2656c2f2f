/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/check_files.h"

static char folder[64];

struct checked {
	struct check_report report;
	struct config *config;
};

static const char *in_folder(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, mode_t mode)
{
	FILE *file = fopen(in_folder(name), "w");

	assert_non_null(file);
	fclose(file);
	assert_int_equal(chmod(in_folder(name), mode), 0);
}

static int set_up(void **state)
{
	struct checked *checked = calloc(1, sizeof(*checked));

	strcpy(folder, "/tmp/leat-check-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	mkdir(in_folder("site"), 0755);
	mkdir(in_folder("run"), 0755);
	check_report_init(&checked->report);
	*state = checked;
	return 0;
}

static int tear_down(void **state)
{
	struct checked *checked = *state;
	char command[128];

	check_report_fini(&checked->report);
	config_free(checked->config);
	free(checked);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The text as leat.conf of the folder; FOLDER in it is that folder. */
static struct config *read_config(struct checked *checked, const char *text)
{
	struct buffer whole;
	struct buffer problems;
	const char *hole;

	buffer_init(&whole, 4096);
	buffer_init(&problems, 4096);
	for (; (hole = strstr(text, "FOLDER")); text = hole + 6) {
		buffer_append(&whole, text, (size_t)(hole - text));
		buffer_append_string(&whole, folder);
	}
	buffer_append_string(&whole, text);
	checked->config = config_parse(buffer_slice(&whole),
				       in_folder("leat.conf"), &problems);
	if (!checked->config)
		fail_msg("%s", buffer_string(&problems));
	buffer_fini(&problems);
	buffer_fini(&whole);
	return checked->config;
}

/* The first line about this subject that is not ok; NULL: all is well. */
static const struct check_line *complaint(const struct checked *checked,
					  const char *subject)
{
	for (size_t i = 0; i < checked->report.count; i++) {
		const struct check_line *line = &checked->report.lines[i];

		if (line->level != CHECK_OK && !strcmp(line->subject, subject))
			return line;
	}
	return NULL;
}

static void a_configuration_that_anybody_can_change_fails(void **state)
{
	struct checked *checked = *state;

	write_file("leat.conf", 0646);
	check_files_modes(&checked->report, read_config(checked, ""));
	assert_int_equal(complaint(checked, "configuration")->level,
			 CHECK_FAIL);
}

static void headers_in_a_file_that_all_can_read_are_warned_of(void **state)
{
	struct checked *checked = *state;
	struct config *config =
	    read_config(checked, "provider a { headers = {\"X-Key: 1\"} }");

	write_file("leat.conf", 0644);
	check_files_modes(&checked->report, config);
	assert_int_equal(complaint(checked, "configuration")->level,
			 CHECK_WARN);
	checked->report.count = 0;
	chmod(in_folder("leat.conf"), 0640);
	check_files_modes(&checked->report, config);
	assert_null(complaint(checked, "configuration"));
}

static void what_lies_under_the_document_root_fails(void **state)
{
	struct checked *checked = *state;
	struct config *config = read_config(
	    checked, "context { index = site/site.db }\n"
		     "provider a { key_file = site/key }\n"
		     "chat { system_file = FOLDER/run/../site/s.txt }\n"
		     "runtime_dir = FOLDER/run");

	write_file("site/site.db", 0644);
	write_file("site/key", 0600);
	write_file("site/s.txt", 0644);
	check_files_document_root(&checked->report, config, in_folder("site"),
				  false);
	assert_int_equal(checked->report.failures, 3);
	assert_non_null(
	    strstr(complaint(checked, "document root")->text, "the index"));
}

static void a_name_that_begins_alike_is_not_under_it(void **state)
{
	struct checked *checked = *state;
	struct config *config =
	    read_config(checked, "context { index = site2.db }\n"
				 "runtime_dir = FOLDER/run");

	write_file("site2.db", 0644);
	write_file("leat.conf", 0644);
	check_files_document_root(&checked->report, config, in_folder("site"),
				  false);
	assert_int_equal(checked->report.failures, 0);
}

static void a_link_out_of_the_root_is_followed(void **state)
{
	struct checked *checked = *state;
	struct config *config =
	    read_config(checked, "context { index = link.db }\n"
				 "runtime_dir = FOLDER/run");

	write_file("site/real.db", 0644);
	assert_int_equal(
	    symlink(in_folder("site/real.db"), in_folder("link.db")), 0);
	check_files_document_root(&checked->report, config, in_folder("site"),
				  false);
	assert_int_equal(checked->report.failures, 1);
}

static void without_a_word_about_listening_it_may_be_cgi(void **state)
{
	struct checked *checked = *state;
	const struct check_line *line;

	check_files_places(&checked->report,
			   read_config(checked, "runtime_dir = FOLDER/run"));
	line = complaint(checked, "listen");
	assert_true(access("/run/leat", W_OK) == 0 ? line == NULL
						   : line != NULL);
	if (line && access("/run/leat", F_OK) != 0)
		assert_int_equal(line->level, CHECK_WARN);
}

static void folders_that_are_missing_are_told(void **state)
{
	struct checked *checked = *state;

	write_file("file", 0644);
	check_files_places(
	    &checked->report,
	    read_config(checked, "listen = {\"unix:FOLDER/file/leat.sock\"}\n"
				 "runtime_dir = FOLDER/run"));
	assert_int_equal(complaint(checked, "listen")->level, CHECK_FAIL);
	assert_null(complaint(checked, "runtime_dir"));
	rmdir(in_folder("run"));
	check_files_places(&checked->report, checked->config);
	assert_int_equal(complaint(checked, "runtime_dir")->level, CHECK_WARN);
}

static void owners_that_do_not_exist_are_told(void **state)
{
	struct checked *checked = *state;

	check_files_places(
	    &checked->report,
	    read_config(checked, "listen = {\"unix:FOLDER/run/leat.sock\"}\n"
				 "listen_owner = nobody-of-this-name\n"
				 "listen_group = 12345\nlisten_mode = 0666\n"
				 "runtime_dir = FOLDER/run"));
	assert_non_null(complaint(checked, "listen_owner"));
	assert_null(complaint(checked, "listen_group"));
	assert_int_equal(complaint(checked, "listen_mode")->level, CHECK_WARN);
}

static void the_report_counts_and_is_json(void **state)
{
	struct checked *checked = *state;
	struct buffer out;

	check_report_add(&checked->report, CHECK_OK, "a", "well");
	check_report_add(&checked->report, CHECK_FAIL, "b", "\"%s\"", "no");
	buffer_init(&out, 4096);
	check_report_print_json(&checked->report, &out);
	assert_string_equal(
	    buffer_string(&out),
	    "{\"ok\":false,\"failures\":1,\"warnings\":0,\"checks\":["
	    "{\"level\":\"ok\",\"subject\":\"a\",\"text\":\"well\"},"
	    "{\"level\":\"fail\",\"subject\":\"b\",\"text\":\"\\\"no\\\"\"}]"
	    "}");
	buffer_fini(&out);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(a_configuration_that_anybody_can_change_fails),
	    WITH_FOLDER(headers_in_a_file_that_all_can_read_are_warned_of),
	    WITH_FOLDER(what_lies_under_the_document_root_fails),
	    WITH_FOLDER(a_name_that_begins_alike_is_not_under_it),
	    WITH_FOLDER(a_link_out_of_the_root_is_followed),
	    WITH_FOLDER(folders_that_are_missing_are_told),
	    WITH_FOLDER(without_a_word_about_listening_it_may_be_cgi),
	    WITH_FOLDER(owners_that_do_not_exist_are_told),
	    WITH_FOLDER(the_report_counts_and_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
