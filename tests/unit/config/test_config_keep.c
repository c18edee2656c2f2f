/* SPDX-License-Identifier: ISC */
#include "config/config_keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config *parse(const char *text)
{
	struct buffer problems;
	struct config *config;

	buffer_init(&problems, 64 * 1024);
	config = config_parse(slice_of(text), "/etc/t.conf", &problems);
	if (!config)
		fail_msg("refused: %s", buffer_string(&problems));
	buffer_fini(&problems);
	return config;
}

static void what_only_a_restart_changes_is_kept_and_named(void **state)
{
	struct config *first = parse("listen = {\"unix:/run/a\"}\n"
				     "runtime_dir = \"/run/a\"\n"
				     "workers = 2\n");
	struct config *config =
	    parse("listen = {\"unix:/run/b\", \"unix:/run/c\"}\n"
		  "runtime_dir = \"/run/b\"\n"
		  "listen_mode = \"0600\"\n"
		  "allow_remote_tcp = yes\n"
		  "workers = 4\n");
	struct buffer told;

	(void)state;
	buffer_init(&told, 4096);
	config_keep(config, first, &told);
	assert_string_equal(
	    buffer_string(&told),
	    "listen: only a restart changes it; {\"unix:/run/a\"} stays in "
	    "force\n"
	    "listen_mode: only a restart changes it; 0660 stays in force\n"
	    "allow_remote_tcp: only a restart changes it; no stays in force\n"
	    "runtime_dir: only a restart changes it; \"/run/a\" stays in "
	    "force\n");
	assert_int_equal(config->listen.count, 1);
	assert_string_equal(config->listen.items[0], "unix:/run/a");
	assert_string_equal(config->runtime_dir, "/run/a");
	assert_int_equal(config->listen_mode, 0660);
	assert_false(config->allow_remote_tcp);
	assert_int_equal(config->workers, 4);
	buffer_fini(&told);
	config_free(config);
	config_free(first);
}

static void what_did_not_change_is_not_named(void **state)
{
	struct config *first = parse("workers = 2\nlog = \"syslog\"\n");
	struct config *config = parse("workers = 3\n");
	struct buffer told;

	(void)state;
	buffer_init(&told, 4096);
	config_keep(config, first, &told);
	assert_int_equal(told.len, 0);
	config_keep(config, first, NULL);
	assert_string_equal(config->log, "stderr");
	buffer_fini(&told);
	config_free(config);
	config_free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_only_a_restart_changes_is_kept_and_named),
	    cmocka_unit_test(what_did_not_change_is_not_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
