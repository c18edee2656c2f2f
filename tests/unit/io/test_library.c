/* SPDX-License-Identifier: ISC */
/*
 * The C library's own libm stands for a library that is there.
 */
#include "io/library.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

enum { THREADS = 8 };

static struct {
	__typeof__(cbrt) *cbrt;
	__typeof__(hypot) *hypot;
} found;

static void finds_every_function_it_was_asked_for(void **state)
{
	static const struct library_symbol symbols[] = {
	    {"cbrt", &found.cbrt}, {"hypot", &found.hypot}};
	struct library library = {"libm.so.6", "libc6", symbols, 2, false};
	struct fault fault = {0};

	(void)state;
	assert_true(library_open(&library, &fault));
	assert_true(found.cbrt(8) == 2);
	assert_true(found.hypot(3, 4) == 5);
	assert_true(library_open(&library, NULL));
}

static void says_what_to_install_when_there_is_no_such_file(void **state)
{
	static const struct library_symbol symbols[] = {{"cbrt", &found.cbrt}};
	struct library library = {"libmill.so.9", "libmill9", symbols, 1,
				  false};
	struct fault fault = {0};

	(void)state;
	assert_false(library_open(&library, &fault));
	assert_non_null(strstr(fault.detail, "libmill.so.9 cannot be loaded"));
	assert_non_null(strstr(fault.detail, "install the package libmill9"));
	assert_false(library_open(&library, NULL));
}

static void changes_nothing_when_a_function_is_missing(void **state)
{
	void *first = NULL, *second = NULL;
	const struct library_symbol symbols[] = {
	    {"hypot", &first}, {"hypot_of_a_later_version", &second}};
	struct library library = {"libm.so.6", "libc6", symbols, 2, false};
	struct fault fault = {0};

	(void)state;
	assert_false(library_open(&library, &fault));
	assert_null(first);
	assert_non_null(strstr(fault.detail,
			       "has no hypot_of_a_later_version: install a "
			       "newer libc6"));
}

static struct {
	struct library library;
	__typeof__(cbrt) *cbrt;
	pthread_barrier_t barrier;
} shared;

static void *open_and_call(void *state)
{
	uintptr_t *result = state;

	pthread_barrier_wait(&shared.barrier);
	*result = library_open(&shared.library, NULL) && shared.cbrt(8) == 2;
	return NULL;
}

static void serves_threads_that_need_it_at_once(void **state)
{
	static const struct library_symbol symbols[] = {{"cbrt", &shared.cbrt}};
	pthread_t threads[THREADS];
	uintptr_t results[THREADS] = {0};

	(void)state;
	shared.library =
	    (struct library){"libm.so.6", "libc6", symbols, 1, false};
	pthread_barrier_init(&shared.barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						open_and_call, &results[i]),
				 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(results[i], 1);
	}
	pthread_barrier_destroy(&shared.barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_every_function_it_was_asked_for),
	    cmocka_unit_test(says_what_to_install_when_there_is_no_such_file),
	    cmocka_unit_test(changes_nothing_when_a_function_is_missing),
	    cmocka_unit_test(serves_threads_that_need_it_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
