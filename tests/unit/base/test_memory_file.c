/* SPDX-License-Identifier: ISC */
#include "base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void what_was_put_in_comes_out_as_often_as_one_likes(void **state)
{
	struct buffer out;
	int fd = memory_file_make("test", SLICE_LITERAL("some\0bytes"));

	(void)state;
	assert_true(fd >= 0);
	lseek(fd, 4, SEEK_SET);
	buffer_init(&out, 100);
	assert_true(memory_file_read(fd, &out));
	assert_true(memory_file_read(fd, &out));
	assert_int_equal(out.len, 20);
	assert_memory_equal(out.data, "some\0bytessome\0bytes", 20);
	buffer_fini(&out);
	close(fd);
}

static void nothing_is_a_file_too(void **state)
{
	struct buffer out;
	int fd = memory_file_make("test", SLICE_NONE);

	(void)state;
	assert_true(fd >= 0);
	buffer_init(&out, 100);
	assert_true(memory_file_read(fd, &out));
	assert_int_equal(out.len, 0);
	buffer_fini(&out);
	close(fd);
}

static void nobody_can_change_it_and_no_child_inherits_it(void **state)
{
	int fd = memory_file_make("test", SLICE_LITERAL("text"));

	(void)state;
	assert_int_equal(pwrite(fd, "X", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void more_than_the_buffer_may_have_is_refused(void **state)
{
	struct buffer out;
	int fd = memory_file_make("test", SLICE_LITERAL("12345678"));

	(void)state;
	buffer_init(&out, 7);
	assert_false(memory_file_read(fd, &out));
	assert_false(memory_file_read(-1, &out));
	buffer_fini(&out);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_put_in_comes_out_as_often_as_one_likes),
	    cmocka_unit_test(nothing_is_a_file_too),
	    cmocka_unit_test(nobody_can_change_it_and_no_child_inherits_it),
	    cmocka_unit_test(more_than_the_buffer_may_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
