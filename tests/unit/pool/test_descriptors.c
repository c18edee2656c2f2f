/* SPDX-License-Identifier: ISC */
#include "pool/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

static unsigned streams_with(rlim_t descriptors)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = descriptors;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return descriptors_streams();
}

/* A stream takes two, and a worker alone about twenty. */
static void test_streams_fit(void **state)
{
	(void)state;
	for (rlim_t n = 40; n <= 1024; n++)
		assert_in_range(2 * streams_with(n), 1, n - 20);
	assert_int_equal(streams_with(1024), 480);
}

static void test_more_descriptors_are_more_streams(void **state)
{
	(void)state;
	for (rlim_t n = 40, last = 0; n <= 1024; n++) {
		assert_true(streams_with(n) >= last);
		last = descriptors_streams();
	}
}

static void test_soft_limit_is_raised(void **state)
{
	struct rlimit limit;

	(void)state;
	streams_with(100);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(descriptors_raise(), limit.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_streams_fit),
	    cmocka_unit_test(test_more_descriptors_are_more_streams),
	    cmocka_unit_test(test_soft_limit_is_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
