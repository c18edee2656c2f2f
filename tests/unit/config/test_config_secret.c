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

#include "config/config.h"
#include "config/config_secret.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/leat-test-XXXXXX");
	unsetenv("LEAT_CONFIG");
	unsetenv(CONFIG_SECRET_VARIABLE);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	unsetenv(CONFIG_SECRET_VARIABLE);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* Loads leat.conf of the folder; %s in wanted is its path. NULL: no problem. */
static struct config *load(const char *wanted)
{
	struct buffer problems;
	struct config *config;
	char path[128];
	char text[1000];

	buffer_init(&problems, 64 * 1024);
	snprintf(path, sizeof(path), "%s/leat.conf", folder);
	config = config_load(path, &problems);
	if (wanted) {
		const char *hole = strstr(wanted, "<key>");

		assert_null(config);
		if (hole)
			snprintf(text, sizeof(text), "%s:%.*s%s/key%s\n", path,
				 (int)(hole - wanted), wanted, folder,
				 hole + 5);
		else
			snprintf(text, sizeof(text), "%s:%s\n", path, wanted);
		assert_string_equal(buffer_string(&problems), text);
	} else {
		assert_string_equal(buffer_string(&problems), "");
		assert_non_null(config);
	}
	buffer_fini(&problems);
	return config;
}

static void with_key_file(const char *key, mode_t mode)
{
	write_file("leat.conf", "\nprovider a { key_file = key }", 0644);
	write_file("key", key, mode);
}

static void a_key_is_read_from_its_file(void **state)
{
	struct config *config;

	(void)state;
	with_key_file("  sk-123 \n", 0600);
	config = load(NULL);
	assert_string_equal(config->providers[0].key, "sk-123");
	config_free(config);
	with_key_file("sk-456", 0400);
	config = load(NULL);
	assert_string_equal(config->providers[0].key, "sk-456");
	config_free(config);
}

static void a_key_that_others_can_read_or_change_is_refused(void **state)
{
	static const mode_t modes[] = {0604, 0644, 0602, 0620, 0660, 0777};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char wanted[400];

		with_key_file("sk-123", modes[i]);
		snprintf(wanted, sizeof(wanted),
			 "2: provider \"a\": key_file <key> has mode %04o, so "
			 "others than its owner can read or change it: chmod "
			 "600 it (or 640, when it is root's and its group may "
			 "read it)",
			 (unsigned)modes[i]);
		load(wanted);
	}
}

static void a_key_of_root_may_be_read_by_its_group(void **state)
{
	(void)state;
	with_key_file("sk-123", 0640);
	if (geteuid() == 0)
		config_free(load(NULL));
	else
		load("2: provider \"a\": key_file <key> has mode 0640, so "
		     "others "
		     "than its owner can read or change it: chmod 600 it (or "
		     "640, when it is root's and its group may read it)");
}

static void a_key_file_without_one_key_is_refused(void **state)
{
	(void)state;
	with_key_file(" \n\n", 0600);
	load("2: provider \"a\": key_file <key> is empty");
	with_key_file("sk-1\nsk-2\n", 0600);
	load("2: provider \"a\": key_file <key> does not hold one key: found "
	     "more than one line, a space or a byte outside ASCII");
	with_key_file("sk-\xc3\xa9", 0600);
	load("2: provider \"a\": key_file <key> does not hold one key: found "
	     "more than one line, a space or a byte outside ASCII");
	unlink(write_file("key", "", 0600));
	load(
	    "2: provider \"a\": key_file <key> cannot be read: No such file or "
	    "directory");
	mkdir(write_file("key2", "", 0600), 0700);
	write_file("leat.conf", "provider a { key_file = /dev/null }", 0644);
	load("1: provider \"a\": key_file /dev/null cannot be read: not a "
	     "regular file");
}

static void a_key_is_taken_from_the_environment(void **state)
{
	struct config *config;

	(void)state;
	write_file("leat.conf", "provider a { }", 0644);
	setenv(CONFIG_SECRET_VARIABLE, "sk-env", 1);
	config = load(NULL);
	assert_string_equal(config->providers[0].key, "sk-env");
	config_free(config);
	setenv(CONFIG_SECRET_VARIABLE, "two words", 1);
	load("1: provider \"a\": the variable OPENAI_API_KEY does not hold "
	     "one key");
	unsetenv(CONFIG_SECRET_VARIABLE);
}

static void no_key_at_all_is_refused_except_on_this_machine(void **state)
{
	static const char *const local[] = {"http://127.0.0.1:8080/v1",
					    "http://localhost/v1",
					    "http://[::1]:8080/v1"};
	char text[200];

	(void)state;
	write_file("leat.conf", "provider a { }", 0644);
	load("1: provider \"a\" needs a key for https://api.openai.com/v1: "
	     "set key_file to a file that holds it, or the variable "
	     "OPENAI_API_KEY");
	write_file("leat.conf",
		   "provider a { base_url = \"http://127.0.0.1.example/\" }",
		   0644);
	load("1: provider \"a\" needs a key for http://127.0.0.1.example: set "
	     "key_file to a file that holds it, or the variable "
	     "OPENAI_API_KEY");
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		snprintf(text, sizeof(text), "provider a { base_url = \"%s\" }",
			 local[i]);
		write_file("leat.conf", text, 0644);
		config_free(load(NULL));
	}
	write_file("leat.conf",
		   "provider a { headers = {\"Authorization: x\"} }", 0644);
	config_free(load(NULL));
}

static void a_public_load_needs_no_key(void **state)
{
	struct buffer problems;
	struct config *config;

	(void)state;
	buffer_init(&problems, 4096);
	config = config_load_public(
	    write_file("leat.conf", "provider a { }", 0644), &problems);
	assert_non_null(config);
	assert_null(config->providers[0].key);
	config_free(config);
	buffer_fini(&problems);
}

static void without_a_file_only_a_key_brings_a_model(void **state)
{
	struct buffer problems;
	struct config *config;

	(void)state;
	buffer_init(&problems, 4096);
	config = config_load(NULL, &problems);
	assert_int_equal(config->provider_count, 1);
	assert_int_equal(config->providers[0].kind, KIND_EXTRACTIVE);
	assert_null(config->path);
	config_free(config);
	setenv(CONFIG_SECRET_VARIABLE, "sk-env", 1);
	config = config_load(NULL, &problems);
	assert_int_equal(config->provider_count, 2);
	assert_string_equal(config->providers[0].key, "sk-env");
	assert_string_equal(config->chat.providers.items[1], "quotes");
	config_free(config);
	buffer_fini(&problems);
}

static void the_system_prompt_is_read(void **state)
{
	struct config *config;

	(void)state;
	write_file("leat.conf", "chat { system_file = key }", 0644);
	write_file("key", "Answer briefly.\n", 0644);
	config = load(NULL);
	assert_string_equal(config->chat.system, "Answer briefly.\n");
	config_free(config);
	write_file("key", "\xff", 0644);
	load(" system_file <key> is not UTF-8 text");
	unlink(write_file("key", "", 0644));
	load(" system_file <key> cannot be read: No such file or directory");
}

static void a_missing_configuration_is_named(void **state)
{
	struct buffer problems;

	(void)state;
	buffer_init(&problems, 4096);
	assert_null(config_load("/nowhere/leat.conf", &problems));
	assert_string_equal(buffer_string(&problems),
			    "/nowhere/leat.conf: cannot be read: No such file "
			    "or directory\n");
	buffer_clear(&problems);
	assert_null(config_load(folder, &problems));
	assert_non_null(
	    strstr(buffer_string(&problems), "cannot be read: Is a directory"));
	buffer_fini(&problems);
}

static void the_file_is_found_in_its_order(void **state)
{
	char *path = config_find("given.conf");

	(void)state;
	assert_string_equal(path, "given.conf");
	free(path);
	setenv("LEAT_CONFIG", "variable.conf", 1);
	path = config_find(NULL);
	assert_string_equal(path, "variable.conf");
	free(path);
	unsetenv("LEAT_CONFIG");
	write_file("leat.conf", "", 0644);
	assert_int_equal(chdir(folder), 0);
	path = config_find(NULL);
	assert_string_equal(path, "leat.conf");
	free(path);
	assert_int_equal(chdir("/"), 0);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(a_key_is_read_from_its_file),
	    WITH_FOLDER(a_key_that_others_can_read_or_change_is_refused),
	    WITH_FOLDER(a_key_of_root_may_be_read_by_its_group),
	    WITH_FOLDER(a_key_file_without_one_key_is_refused),
	    WITH_FOLDER(a_key_is_taken_from_the_environment),
	    WITH_FOLDER(no_key_at_all_is_refused_except_on_this_machine),
	    WITH_FOLDER(a_public_load_needs_no_key),
	    WITH_FOLDER(without_a_file_only_a_key_brings_a_model),
	    WITH_FOLDER(the_system_prompt_is_read),
	    WITH_FOLDER(a_missing_configuration_is_named),
	    WITH_FOLDER(the_file_is_found_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
