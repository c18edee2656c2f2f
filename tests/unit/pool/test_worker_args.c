/* SPDX-License-Identifier: ISC */
#include "pool/worker_args.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 32 };

static int fd, slots_fd;
static char fd_text[16], slots_text[16], listener[LISTEN_TEXT_SIZE];
static char *argv[ARGUMENTS_MAX + 1];
static int argc;
static struct worker_args args;

static void add(const char *name, char *value)
{
	static char names[ARGUMENTS_MAX][24];

	snprintf(names[argc], sizeof names[argc], "%s", name);
	argv[argc] = names[argc];
	argc++;
	if (value)
		argv[argc++] = value;
	argv[argc] = NULL;
}

static int set_up(void **state)
{
	const struct listen_socket socket = {
	    .fd = fd = open("/dev/null", O_RDONLY), .address = "unix:/x/y"};
	static char slot[] = "7", incarnation[] = "4000000000";

	(void)state;
	slots_fd = dup(fd);
	snprintf(fd_text, sizeof fd_text, "%d", fd);
	snprintf(slots_text, sizeof slots_text, "%d", slots_fd);
	listen_print(&socket, listener);
	argc = 0;
	add("leat worker", NULL);
	add("--slot", slot);
	add("--incarnation", incarnation);
	add("--channel", fd_text);
	add("--slots", slots_text);
	add("--listen", listener);
	return fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(slots_fd);
	return close(fd);
}

static bool read_args(void)
{
	extern int optind;

	optind = 0; /* getopt begins again */
	return worker_args_read(&args, argc, argv);
}

static void what_the_master_says_is_read(void **state)
{
	static char path[] = "/etc/leat.conf";

	(void)state;
	add("--config-fd", fd_text);
	add("--config", path);
	add("--listen", listener);
	assert_true(read_args());
	assert_int_equal(args.place.slot, 7);
	assert_int_equal(args.place.incarnation, 4000000000u);
	assert_int_equal(args.channel_fd, fd);
	assert_int_equal(args.slots_fd, slots_fd);
	assert_int_equal(args.config_fd, fd);
	assert_string_equal(args.config_path, path);
	assert_int_equal(args.listener_count, 2);
	assert_string_equal(args.listeners[1], listener);
}

static void without_a_file_there_is_no_configuration(void **state)
{
	(void)state;
	assert_true(read_args());
	assert_int_equal(args.config_fd, -1);
	assert_null(args.config_path);
}

static void descriptors_do_not_reach_what_a_worker_starts(void **state)
{
	(void)state;
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_true(read_args());
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(slots_fd, F_GETFD), FD_CLOEXEC);
}

static void a_descriptor_that_is_not_open_is_refused(void **state)
{
	static char closed[] = "999";

	(void)state;
	assert_true(read_args());
	argv[6] = closed;
	assert_false(read_args());
}

static void numbers_must_be_whole_and_fit(void **state)
{
	static char bad[][24] = {"", "-1", "1x", "65536", "99999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		argv[2] = bad[i];
		assert_false(read_args());
	}
}

static void each_part_must_be_there(void **state)
{
	(void)state;
	for (int missing = 1; missing < 11; missing += 2) {
		char *saved[2] = {argv[missing], argv[missing + 1]};

		if (missing == 1)
			continue; /* slot 0 is the default */
		argv[missing] = argv[1];
		argv[missing + 1] = argv[2];
		assert_false(read_args());
		argv[missing] = saved[0];
		argv[missing + 1] = saved[1];
	}
	assert_true(read_args());
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	add("--surprise", NULL);
	assert_false(read_args());
	argc--;
	argv[argc] = NULL;
	assert_true(read_args());
	add("more", NULL);
	assert_false(read_args());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_the_master_says_is_read),
	    TEST(without_a_file_there_is_no_configuration),
	    TEST(descriptors_do_not_reach_what_a_worker_starts),
	    TEST(a_descriptor_that_is_not_open_is_refused),
	    TEST(numbers_must_be_whole_and_fit),
	    TEST(each_part_must_be_there),
	    TEST(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
