/* SPDX-License-Identifier: ISC */
#include "master/pid_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[96];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test-pid-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/leat.pid", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder); /* fails when something was left behind */
}

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static long number_in_file(void)
{
	long number = -1;
	FILE *file = fopen(path, "r");

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

static void our_number_stands_there_for_everybody_to_read(void **state)
{
	struct stat status;
	mode_t mask = umask(077);

	(void)state;
	assert_true(pid_file_write(path));
	umask(mask);
	assert_int_equal(number_in_file(), getpid());
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0644);
}

static void a_stale_file_is_replaced(void **state)
{
	(void)state;
	put("1\n");
	assert_true(pid_file_write(path));
	assert_int_equal(number_in_file(), getpid());
}

static void ours_is_removed(void **state)
{
	(void)state;
	assert_true(pid_file_write(path));
	pid_file_remove(path);
	assert_int_equal(number_in_file(), -1);
	pid_file_remove(path);
}

static void anothers_is_left_alone(void **state)
{
	(void)state;
	put("1\n");
	pid_file_remove(path);
	assert_int_equal(number_in_file(), 1);
	put("");
	pid_file_remove(path);
	assert_int_equal(number_in_file(), 0);
}

static void what_cannot_be_replaced_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(pid_file_write(path));
	assert_int_equal(rmdir(path), 0);
	assert_false(pid_file_write("/nonexistent/folder/leat.pid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(our_number_stands_there_for_everybody_to_read),
	    TEST(a_stale_file_is_replaced),
	    TEST(ours_is_removed),
	    TEST(anothers_is_left_alone),
	    TEST(what_cannot_be_replaced_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
